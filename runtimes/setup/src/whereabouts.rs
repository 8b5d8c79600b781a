//! Where this process runs, as attributes of a resource in OpenTelemetry's words: a function, a task, a pod, a machine of a
//! cloud, or nothing that anybody knows. Only what stays the same from one process to the next is told: an attribute that
//! changes begins every series anew. No network is asked.
//! <https://opentelemetry.io/docs/specs/semconv/resource/cloud/>

use std::collections::BTreeMap;

/// The namespace of a pod, as Kubernetes mounts it.
const POD_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
/// What the firmware says of a machine (sysfs, dmi).
const VENDOR: &str = "/sys/class/dmi/id/sys_vendor";
const PRODUCT: &str = "/sys/class/dmi/id/product_name";
const BOARD: &str = "/sys/class/dmi/id/board_asset_tag";
const CHASSIS: &str = "/sys/class/dmi/id/chassis_asset_tag";
/// What every virtual machine of Azure has there, by its documentation.
const AZURE_CHASSIS: &str = "7783-7084-3265-9085-8269-3286-77";

/// Returns what can be told, from the variables and from files that `read` reads, if they are there.
pub fn detected(
    variables: &BTreeMap<String, String>,
    read: impl Fn(&str) -> Option<String>,
) -> BTreeMap<String, String> {
    let variable = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
    let file = |path: &str| read(path).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let found = function(&variable).or_else(|| container(&variable, &file)).or_else(|| machine(&file));
    found
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

type Attributes = Vec<(&'static str, Option<String>)>;

fn of(provider: &str, platform: &str) -> Attributes {
    vec![("cloud.provider", Some(provider.to_owned())), ("cloud.platform", Some(platform.to_owned()))]
}

fn function(variable: &impl Fn(&str) -> Option<String>) -> Option<Attributes> {
    if let Some(name) = variable("AWS_LAMBDA_FUNCTION_NAME") {
        let version = variable("AWS_LAMBDA_FUNCTION_VERSION");
        let own =
            [("cloud.region", variable("AWS_REGION")), ("faas.name", Some(name)), ("faas.version", version)];
        return Some([of("aws", "aws_lambda"), own.to_vec()].concat());
    }
    if let Some(name) = variable("K_SERVICE") {
        return Some([of("gcp", "gcp_cloud_run"), vec![("faas.name", Some(name))]].concat());
    }
    let name = variable("WEBSITE_SITE_NAME").filter(|_| variable("FUNCTIONS_WORKER_RUNTIME").is_some())?;
    let own = [("cloud.region", variable("REGION_NAME")), ("faas.name", Some(name))];
    Some([of("azure", "azure.functions"), own.to_vec()].concat())
}

fn container(
    variable: &impl Fn(&str) -> Option<String>,
    file: &impl Fn(&str) -> Option<String>,
) -> Option<Attributes> {
    let region = ("cloud.region", variable("AWS_REGION"));
    if variable("ECS_CONTAINER_METADATA_URI_V4").is_some() {
        return Some([of("aws", "aws_ecs"), vec![region]].concat());
    }
    variable("KUBERNETES_SERVICE_HOST")?;
    let namespace = vec![("k8s.namespace.name", file(POD_NAMESPACE))];
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
        return Some([of("aws", "aws_ec2"), vec![("host.id", id), ("host.type", file(PRODUCT))]].concat());
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
        let shown: Vec<String> = found.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(shown.join(" "), expected);
    }

    #[test]
    fn functions_tell_their_names() {
        check(
            &[
                ("AWS_LAMBDA_FUNCTION_NAME", "poll"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "7"),
                ("AWS_REGION", "eu-west-1"),
            ],
            &[],
            "cloud.platform=aws_lambda cloud.provider=aws cloud.region=eu-west-1 faas.name=poll faas.version=7",
        );
        check(
            &[("K_SERVICE", "poll")],
            &[],
            "cloud.platform=gcp_cloud_run cloud.provider=gcp faas.name=poll",
        );
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
