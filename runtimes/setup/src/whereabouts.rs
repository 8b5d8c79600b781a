//! Where this process runs, as attributes of a resource in OpenTelemetry's words: a function, a task, a pod, a machine of a
//! cloud, or nothing that anybody knows. Only what stays the same from one process to the next is told: an attribute that
//! changes begins every series anew, so no pod, task, execution or stream of a log. No network is asked.
//!
//! Names, types and the variables behind them: <https://opentelemetry.io/docs/specs/semconv/resource/cloud/>, `faas`,
//! `host`, `k8s` and `cloud-provider/aws/logs` beside it. No variable tells the name of an EKS cluster or the region of
//! Cloud Run.

use std::collections::BTreeMap;

use pgquerylens_export::origin::ResourceValue;

/// The namespace of a pod, as Kubernetes mounts it.
const POD_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
/// What the firmware says of a machine (sysfs, dmi).
const VENDOR: &str = "/sys/class/dmi/id/sys_vendor";
const PRODUCT: &str = "/sys/class/dmi/id/product_name";
const BOARD: &str = "/sys/class/dmi/id/board_asset_tag";
const CHASSIS: &str = "/sys/class/dmi/id/chassis_asset_tag";
/// What every virtual machine of Azure has there, by its documentation.
const AZURE_CHASSIS: &str = "7783-7084-3265-9085-8269-3286-77";

const MEBIBYTE: i64 = 1 << 20;

/// Attributes of a resource by their names.
pub type Whereabouts = BTreeMap<String, ResourceValue>;

/// Returns what can be told, from the variables and from files that `read` reads, if they are there.
pub fn detected(variables: &BTreeMap<String, String>, read: impl Fn(&str) -> Option<String>) -> Whereabouts {
    let variable = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
    let file = |path: &str| read(path).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let found = function(&variable).or_else(|| container(&variable, &file)).or_else(|| machine(&file));
    found
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

type Attribute = (&'static str, Option<ResourceValue>);
type Attributes = Vec<Attribute>;

fn text(name: &'static str, value: Option<String>) -> Attribute {
    (name, value.map(ResourceValue::Text))
}

fn of(provider: &str, platform: &str) -> Attributes {
    let told = |name, value: &str| text(name, Some(value.to_owned()));
    vec![told("cloud.provider", provider), told("cloud.platform", platform)]
}

fn function(variable: &impl Fn(&str) -> Option<String>) -> Option<Attributes> {
    if let Some(name) = variable("AWS_LAMBDA_FUNCTION_NAME") {
        return Some([of("aws", "aws_lambda"), lambda(name, variable)].concat());
    }
    // A job has no revisions.
    if let Some(name) = variable("K_SERVICE").or_else(|| variable("CLOUD_RUN_JOB")) {
        let own = [text("faas.name", Some(name)), text("faas.version", variable("K_REVISION"))];
        return Some([of("gcp", "gcp_cloud_run"), own.to_vec()].concat());
    }
    let name = variable("WEBSITE_SITE_NAME").filter(|_| variable("FUNCTIONS_WORKER_RUNTIME").is_some())?;
    let own = [text("cloud.region", variable("REGION_NAME")), text("faas.name", Some(name))];
    Some([of("azure", "azure.functions"), own.to_vec()].concat())
}

fn lambda(name: String, variable: &impl Fn(&str) -> Option<String>) -> Attributes {
    let mebibytes = variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").and_then(|text| text.parse::<i64>().ok());
    let memory = mebibytes.and_then(|mebibytes| mebibytes.checked_mul(MEBIBYTE));
    let log_group = variable("AWS_LAMBDA_LOG_GROUP_NAME");
    vec![
        text("cloud.region", variable("AWS_REGION")),
        text("faas.name", Some(name)),
        text("faas.version", variable("AWS_LAMBDA_FUNCTION_VERSION")),
        ("faas.max_memory", memory.map(ResourceValue::Int)),
        ("aws.log.group.names", log_group.map(|name| ResourceValue::Texts(vec![name]))),
    ]
}

fn container(
    variable: &impl Fn(&str) -> Option<String>,
    file: &impl Fn(&str) -> Option<String>,
) -> Option<Attributes> {
    let region = text("cloud.region", variable("AWS_REGION"));
    if variable("ECS_CONTAINER_METADATA_URI_V4").is_some() {
        return Some([of("aws", "aws_ecs"), vec![region]].concat());
    }
    variable("KUBERNETES_SERVICE_HOST")?;
    let namespace = vec![text("k8s.namespace.name", file(POD_NAMESPACE))];
    // What EKS puts into a pod that has a role: by a web identity, or by its own agent.
    let is_eks = variable("AWS_WEB_IDENTITY_TOKEN_FILE")
        .is_some_and(|path| path.contains("eks.amazonaws.com"))
        || variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
            .is_some_and(|path| path.contains("eks-pod-identity"));
    Some(if is_eks { [of("aws", "aws_eks"), vec![region], namespace].concat() } else { namespace })
}

fn machine(file: &impl Fn(&str) -> Option<String>) -> Option<Attributes> {
    let vendor = file(VENDOR).unwrap_or_default();
    if vendor == "Amazon EC2" {
        let id = file(BOARD).filter(|id| id.starts_with("i-"));
        return Some(
            [of("aws", "aws_ec2"), vec![text("host.id", id), text("host.type", file(PRODUCT))]].concat(),
        );
    }
    if file(PRODUCT).is_some_and(|product| product == "Google Compute Engine") {
        return Some(of("gcp", "gcp_compute_engine"));
    }
    file(CHASSIS).filter(|tag| tag == AZURE_CHASSIS).map(|_| of("azure", "azure.vm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)], files: &[(&str, &str)], expected: &str) {
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let read =
            |path: &str| files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned());
        let found = detected(&variables, read);
        let shown = |value: &ResourceValue| match value {
            ResourceValue::Text(text) => text.clone(),
            ResourceValue::Int(number) => format!("{number} (int)"),
            ResourceValue::Texts(texts) => format!("{texts:?}"),
        };
        let shown: Vec<String> =
            found.iter().map(|(name, value)| format!("{name}={}", shown(value))).collect();
        assert_eq!(shown.join(" "), expected);
    }

    #[test]
    fn functions_tell_their_names() {
        let lambda = "cloud.platform=aws_lambda cloud.provider=aws cloud.region=eu-west-1";
        for (name, value, before, after) in [
            ("AWS_LAMBDA_FUNCTION_VERSION", "7", "", " faas.name=poll faas.version=7"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128", "", " faas.max_memory=134217728 (int) faas.name=poll"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "much", "", " faas.name=poll"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "9223372036854775807", "", " faas.name=poll"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/poll", "aws.log.group.names=[\"/poll\"] ", " faas.name=poll"),
            // Another one with each start.
            ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/24/[$LATEST]0123", "", " faas.name=poll"),
        ] {
            let own = [("AWS_LAMBDA_FUNCTION_NAME", "poll"), ("AWS_REGION", "eu-west-1"), (name, value)];
            check(&own, &[], &format!("{before}{lambda}{after}"));
        }
        let run = "cloud.platform=gcp_cloud_run cloud.provider=gcp faas.name=poll";
        check(&[("K_SERVICE", "poll")], &[], run);
        let revision = format!("{run} faas.version=poll-00002-abc");
        check(&[("K_SERVICE", "poll"), ("K_REVISION", "poll-00002-abc")], &[], &revision);
        check(&[("CLOUD_RUN_JOB", "poll"), ("CLOUD_RUN_EXECUTION", "poll-x7z")], &[], run);
        check(
            &[("WEBSITE_SITE_NAME", "poll"), ("FUNCTIONS_WORKER_RUNTIME", "custom")],
            &[],
            "cloud.platform=azure.functions cloud.provider=azure faas.name=poll",
        );
    }

    #[test]
    fn containers_tell_who_runs_them() {
        let ecs =
            [("ECS_CONTAINER_METADATA_URI_V4", "http://169.254.170.2/v4/x"), ("AWS_REGION", "eu-west-1")];
        check(&ecs, &[], "cloud.platform=aws_ecs cloud.provider=aws cloud.region=eu-west-1");
        let namespace = [(POD_NAMESPACE, "monitoring\n")];
        check(&[("KUBERNETES_SERVICE_HOST", "10.0.0.1")], &namespace, "k8s.namespace.name=monitoring");
        let token = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
        let eks = [("KUBERNETES_SERVICE_HOST", "10.0.0.1"), ("AWS_WEB_IDENTITY_TOKEN_FILE", token)];
        check(&eks, &namespace, "cloud.platform=aws_eks cloud.provider=aws k8s.namespace.name=monitoring");
    }

    #[test]
    fn machines_tell_what_their_firmware_says() {
        let ec2 = [(VENDOR, "Amazon EC2\n"), (PRODUCT, "m7g.large\n"), (BOARD, "i-0123456789abcdef0\n")];
        check(
            &[],
            &ec2,
            "cloud.platform=aws_ec2 cloud.provider=aws host.id=i-0123456789abcdef0 host.type=m7g.large",
        );
        check(
            &[],
            &[(PRODUCT, "Google Compute Engine")],
            "cloud.platform=gcp_compute_engine cloud.provider=gcp",
        );
        check(&[], &[(CHASSIS, AZURE_CHASSIS)], "cloud.platform=azure.vm cloud.provider=azure");
        check(&[], &[(VENDOR, "QEMU"), (PRODUCT, "Standard PC")], "");
    }
}
