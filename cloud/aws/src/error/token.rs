//! What a refused login by token means: RDS and RDS Proxy tell it by their words, and not always apart.

use pgquerylens_engine::dial::Refusal;
use pgquerylens_model::advice::quoted;

use crate::endpoint;

/// Returns what a refusal means of who logged in by a token. RDS says as little as it can: whatever is wrong with a
/// token, and that IAM does not allow the login, it tells in the same words, those of PAM.
pub(crate) fn refused(refusal: &Refusal, said_region: Option<&str>) -> Option<String> {
    let user = &refusal.user;
    let is_token = refusal.message.starts_with("PAM authentication failed")
        || refusal.message.contains("IAM authentication failed");
    if let (true, Some(advice)) = (is_token, wrong_region(refusal, said_region)) {
        return Some(advice);
    }
    if let Some(advice) = refused_by_proxy(refusal) {
        return Some(advice);
    }
    match refusal.sqlstate.as_str() {
        "28000" if refusal.message.starts_with("PAM authentication failed") => {
            Some(refused_by_instance(refusal, said_region))
        }
        "28000" if refusal.message.contains("no encryption") || refusal.message.contains("SSL off") => {
            Some("choose sslmode=verify-full (the default): RDS takes tokens over TLS only".to_owned())
        }
        "28P01" => Some(format!(
            "run as the administrator: grant rds_iam to {}; and see that IAM database authentication is on for the \
             instance: aws rds modify-db-instance --db-instance-identifier INSTANCE \
             --enable-iam-database-authentication --apply-immediately",
            quoted(user)
        )),
        _ => None,
    }
}

/// The region that was said, where the endpoint's name has another one: nothing else needs to be looked at first.
fn wrong_region(refusal: &Refusal, said: Option<&str>) -> Option<String> {
    let (said, real) = (said?, endpoint::region(host_of(refusal))?);
    (said != real).then(|| {
        format!("leave out --aws-region {said} (aws-region): the endpoint is in {real}, and the token was signed for {said}")
    })
}

/// What an instance refuses with one word, the likeliest cause first. The region of an endpoint is known to be right.
fn refused_by_instance(refusal: &Refusal, said: Option<&str>) -> String {
    let user = &refusal.user;
    let known = endpoint::region(host_of(refusal));
    let region = known.or(said).unwrap_or("REGION");
    let partition = endpoint::partition(region);
    let right = format!(
        "allow rds-db:connect on arn:{partition}:rds-db:{region}:ACCOUNT:dbuser:DBI-RESOURCE-ID/{user} to the role \
         whose credentials sign"
    );
    let clock = "set this machine's clock right: a token is good for fifteen minutes";
    match known {
        Some(_) => format!("{right}; if it is allowed, {clock}"),
        None => format!(
            "name the instance's own endpoint as the host (….rds.amazonaws.com; hostaddr can say another way there): a \
             token is good for no other name; else check that the region is the instance's (--aws-region); else \
             {right}; else {clock}"
        ),
    }
}

/// The host in an address, `host:port/database`.
fn host_of(refusal: &Refusal) -> &str {
    let rest = refusal.address.strip_suffix(&format!("/{}", refusal.database)).unwrap_or(&refusal.address);
    rest.rsplit_once(':').map_or(rest, |(host, _)| host)
}

/// Returns what a refusal of RDS Proxy means, which is told by its words. It has IAM, TLS and credentials of its own.
fn refused_by_proxy(refusal: &Refusal) -> Option<String> {
    let (user, message) = (&refusal.user, &refusal.message);
    if message.contains("IAM authentication failed") {
        return Some(format!(
            "name the proxy's own endpoint as the host, not the database's (a token is good for no other), and allow \
             rds-db:connect on arn:aws:rds-db:REGION:ACCOUNT:dbuser:PROXY-RESOURCE-ID/{user} (prx-…, as its ARN ends) \
             to the role whose credentials sign; if both are so, check that the region is the proxy's \
             (--aws-region) and that this machine's clock is right; or connect past the proxy, to the instance's own \
             endpoint"
        ));
    }
    if message.contains("RDS proxy has no credentials") {
        return Some(format!(
            "give the proxy a secret with the password of {}, or IAM as its default way to log in (aws rds \
             modify-db-proxy); or connect past the proxy, to the instance's own endpoint",
            quoted(user)
        ));
    }
    let is_plain = message.contains("requires TLS") || message.contains("only with SSL connections");
    is_plain
        .then(|| "choose sslmode=verify-full (the default): RDS Proxy takes tokens over TLS only".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_refuses_a_token_is_told_apart_by_its_words() {
        let role = "The IAM authentication failed for the role jane. Check the IAM token for this role and try again.";
        let user =
            "IAM authentication failed for user jane. Check the IAM token for this user and try again.";
        let missing = "This RDS proxy has no credentials for the role jane. Check the credentials for this role and try again.";
        for (sqlstate, message, begins) in [
            ("28000", "PAM authentication failed for user \"jane\"", Some("allow rds-db:connect on")),
            (
                "28P01",
                "password authentication failed for user \"jane\"",
                Some("run as the administrator: grant"),
            ),
            ("28000", "pg_hba.conf rejects connection for host \"h\", SSL off", Some("choose sslmode=")),
            ("28000", role, Some("name the proxy's own endpoint as the host")),
            ("28P01", user, Some("name the proxy's own endpoint as the host")),
            ("28000", missing, Some("give the proxy a secret with the password of jane")),
            ("28000", "This RDS Proxy requires TLS connections.", Some("choose sslmode=")),
            ("28000", "IAM is allowed only with SSL connections.", Some("choose sslmode=")),
            ("28000", "role \"jane\" does not exist", None),
        ] {
            let refusal = Refusal {
                address: "db1.abc.eu-west-1.rds.amazonaws.com:5432/shop".to_owned(),
                database: "shop".to_owned(),
                user: "jane".to_owned(),
                sqlstate: sqlstate.to_owned(),
                message: message.to_owned(),
            };
            let advice = refused(&refusal, None);
            assert_eq!(advice.is_some(), begins.is_some(), "{message}: {advice:?}");
            assert!(advice.is_none_or(|advice| advice.starts_with(begins.unwrap())), "{message}");
        }
    }

    #[test]
    fn a_region_that_is_not_the_endpoints_is_told_first_and_alone() {
        let pam = "PAM authentication failed for user \"jane\"";
        let proxy = "The IAM authentication failed for the role jane. Check the IAM token for this role and try again.";
        let endpoint = "db1.abc.eu-west-1.rds.amazonaws.com";
        for (host, said, message, advice) in [
            (
                endpoint,
                Some("us-east-1"),
                pam,
                "leave out --aws-region us-east-1 (aws-region): the endpoint is in eu-west-1",
            ),
            (
                endpoint,
                Some("us-east-1"),
                proxy,
                "leave out --aws-region us-east-1 (aws-region): the endpoint is in eu-west-1",
            ),
            (endpoint, Some("eu-west-1"), pam, "allow rds-db:connect on arn:aws:rds-db:eu-west-1:"),
            (endpoint, None, pam, "allow rds-db:connect on arn:aws:rds-db:eu-west-1:"),
            (
                "db1.abc.rds.cn-north-1.amazonaws.com.cn",
                None,
                pam,
                "allow rds-db:connect on arn:aws-cn:rds-db:cn-north-1:",
            ),
            (
                "db1.abc.us-gov-west-1.rds.amazonaws.com",
                None,
                pam,
                "allow rds-db:connect on arn:aws-us-gov:rds-db:us-gov-west-1:",
            ),
            ("db.internal", Some("eu-west-1"), pam, "name the instance's own endpoint as the host"),
        ] {
            let refusal = Refusal {
                address: format!("{host}:5432/shop"),
                database: "shop".to_owned(),
                user: "jane".to_owned(),
                sqlstate: "28000".to_owned(),
                message: message.to_owned(),
            };
            let told = refused(&refusal, said).unwrap();
            assert!(told.starts_with(advice), "{host}, {said:?}: {told}");
            let names_the_region = told.contains("(--aws-region)");
            assert_eq!(names_the_region, endpoint::region(host).is_none(), "{told}");
        }
    }
}
