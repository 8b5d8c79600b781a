//! Why a source outside was not heard: of each refusal a class for programs, and what mends it for people.

use aws_sdk_cloudwatchlogs::operation::get_log_events::GetLogEventsError;
use aws_sdk_rds::operation::describe_db_instances::DescribeDBInstancesError;
use aws_sdk_rds::operation::describe_db_log_files::DescribeDBLogFilesError;

use super::{Error, ProvideErrorMetadata, SdkError, Told, code, refused_call, way_to};

/// What kept a source from being heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// Why, in a word: the service's code where it said one.
    pub(crate) class: String,
    pub(crate) told: Told,
}

/// There was no answer at all.
const UNREACHABLE: &str = "unreachable";
/// There was none in time.
const LATE: &str = "late";
/// What is asked for is turned off.
const OFF: &str = "off";
/// What was answered cannot be read.
const FORMAT: &str = "format";

impl Trouble {
    fn new(class: &str, why: String, advice: String) -> Trouble {
        Trouble { class: class.to_owned(), told: Told { why, advice } }
    }
}

/// Says why a call failed that takes this right.
pub(crate) fn trouble<E>(failed: &SdkError<E>, action: &str, service: &str) -> Trouble
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let class = code(failed).unwrap_or_else(|| UNREACHABLE.to_owned());
    Trouble { class, told: refused_call(failed, action, service) }
}

/// Says why an instance could not be asked about.
pub(crate) fn no_instance(
    identifier: &str,
    failed: &SdkError<DescribeDBInstancesError>,
    action: &str,
) -> Trouble {
    match failed.as_service_error() {
        Some(error) if error.is_db_instance_not_found_fault() => unknown_instance(identifier),
        _ => trouble(failed, action, "RDS"),
    }
}

pub(crate) fn unknown_instance(identifier: &str) -> Trouble {
    let why = format!("there is no instance {identifier} in this region of this account");
    let advice = "check its identifier (aws-instance), region (aws-region) and account (aws-role)";
    Trouble::new("DBInstanceNotFound", why, advice.to_owned())
}

/// Says why the files of an instance's log could not be listed.
pub(crate) fn no_log(identifier: &str, failed: &SdkError<DescribeDBLogFilesError>, action: &str) -> Trouble {
    match failed.as_service_error() {
        Some(error) if error.is_db_instance_not_found_fault() => unknown_instance(identifier),
        _ => trouble(failed, action, "RDS"),
    }
}

/// Says that a file of a log went before it was read.
pub(crate) fn vanished(file: &str, unread_bytes: u64) -> Trouble {
    let why = format!("{file} is gone, and about {unread_bytes} bytes of it were not read");
    let advice = "keep logs for longer: rds.log_retention_period in the parameter group";
    Trouble::new("vanished", why, advice.to_owned())
}

/// Says that a log has lines, and none that begins as those of a server that is set so.
pub(crate) fn no_prefix(prefixes: [&str; 2]) -> Trouble {
    let [usual, with_codes] = prefixes;
    let advice = format!(
        "set log_line_prefix to {usual} or {with_codes} in the parameter group, and lc_messages to C"
    );
    Trouble::new("log_line_prefix", "no line of the log has a prefix that is read".to_owned(), advice)
}

/// Says that a log has more than a look may take.
pub(crate) fn behind(unread_bytes: u64) -> Trouble {
    let why = format!("there is more than one look reads, about {unread_bytes} bytes behind");
    let advice = "it goes on at the next poll; poll more often or log less if it stays so";
    Trouble::new("behind", why, advice.to_owned())
}

/// Says why a stream of Enhanced Monitoring could not be read.
pub(crate) fn no_stream(identifier: &str, failed: &SdkError<GetLogEventsError>, action: &str) -> Trouble {
    match failed.as_service_error() {
        Some(error) if error.is_resource_not_found_exception() => {
            let why = format!("Enhanced Monitoring of {identifier} has written nothing yet");
            let advice = "wait some minutes; then check the role that it writes by (monitoring-role-arn of the instance)";
            Trouble::new("ResourceNotFoundException", why, advice.to_owned())
        }
        _ => trouble(failed, action, "CloudWatch Logs"),
    }
}

pub(crate) fn enhanced_off(identifier: &str) -> Trouble {
    let advice = format!(
        "turn it on: aws rds modify-db-instance --db-instance-identifier {identifier} --monitoring-interval 60 \
         --monitoring-role-arn ROLE; or take enhanced-monitoring out of aws-metrics"
    );
    Trouble::new(OFF, format!("Enhanced Monitoring is off for {identifier}"), advice)
}

pub(crate) fn insights_off(identifier: &str) -> Trouble {
    let advice = format!(
        "turn it on: aws rds modify-db-instance --db-instance-identifier {identifier} \
         --enable-performance-insights; or take performance-insights out of aws-metrics"
    );
    Trouble::new(OFF, format!("Performance Insights is off for {identifier}"), advice)
}

/// What CloudWatch says of one metric among others that it answers.
pub(crate) fn forbidden(action: &str) -> Trouble {
    let advice = format!("allow {action} to the credentials that are used there");
    Trouble::new("Forbidden", "Forbidden".to_owned(), advice)
}

pub(crate) fn no_answer() -> Trouble {
    let advice = format!("give polls a longer deadline (--deadline), or {}", way_to("the service"));
    Trouble::new(LATE, "there was no answer in time".to_owned(), advice)
}

pub(crate) fn endless(pages: usize) -> Trouble {
    let why = format!("the answer has more than {pages} pages");
    Trouble::new(FORMAT, why, "it is asked for again at the next poll; tell us of it".to_owned())
}

/// Nothing of an event is in it: only where it goes wrong.
pub(crate) fn unlike_enhanced(failed: &serde_json::Error) -> Trouble {
    let why = format!("an event is not as Enhanced Monitoring writes it, at its byte {}", failed.column());
    Trouble::new(FORMAT, why, "see that nobody else writes into the log group RDSOSMetrics".to_owned())
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataError;
    use aws_sdk_sts::config::http::HttpResponse;
    use aws_sdk_sts::error::ErrorMetadata;

    use super::*;

    fn refused(code: Option<&str>) -> SdkError<GetMetricDataError> {
        let metadata = code.into_iter().fold(ErrorMetadata::builder(), |metadata, code| metadata.code(code));
        let answer = HttpResponse::new(403.try_into().unwrap(), "".into());
        SdkError::service_error(GetMetricDataError::generic(metadata.build()), answer)
    }

    #[test]
    fn a_refusal_has_its_code_as_class_and_names_the_right() {
        let denied = "allow cloudwatch:GetMetricData to the credentials that are used there";
        let later = "it is tried again at the next run; run less often if it happens again and again";
        for (code, class, advice) in [
            (Some("AccessDenied"), "AccessDenied", denied),
            (Some("NotAuthorizedException"), "NotAuthorizedException", denied),
            (None, "status 403", denied),
            (Some("Throttling"), "Throttling", later),
        ] {
            let trouble = trouble(&refused(code), "cloudwatch:GetMetricData", "CloudWatch");
            assert_eq!((trouble.class.as_str(), trouble.told.advice.as_str()), (class, advice));
        }
        let unreachable: SdkError<GetMetricDataError> = SdkError::timeout_error("slow");
        assert_eq!(trouble(&unreachable, "", "CloudWatch").class, UNREACHABLE);
    }
}
