# The direct shape: one function, which is handed the servers that it polls. Any file does as a package here.

mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }

  mock_data "aws_region" {
    defaults = { region = "eu-west-1" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_subnet" {
    defaults = { vpc_id = "vpc-0123456789abcdef0" }
  }

  mock_data "aws_vpc_endpoint_service" {
    defaults = { service_name = "com.amazonaws.eu-west-1.service" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/pgquerylens" }
  }

  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:pgquerylens" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = {
      arn = "arn:aws:sqs:eu-west-1:123456789012:pgquerylens"
      url = "https://sqs.eu-west-1.amazonaws.com/123456789012/pgquerylens"
    }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:pgquerylens" }
  }

  mock_resource "aws_scheduler_schedule_group" {
    defaults = { arn = "arn:aws:scheduler:eu-west-1:123456789012:schedule-group/pgquerylens" }
  }
}

variables {
  package       = { path = "versions.tf" }
  otlp_endpoint = "https://otlp.example.com:4318"
  resource_ids  = ["db-ABC"]
  targets = [
    { connection = "postgresql://pgquerylens@db1.example.com/shop", name = "shop", statement_timeout = "5s", labels = { team = "shop" } },
    { connection = "postgresql://pgquerylens@db2.example.com/billing" },
  ]
}

run "a_package_in_s3_is_held_against_its_sum" {
  variables {
    # The sum of an empty file, which is known in both ways of writing.
    package = { url = "s3://artefacts/pgquerylens.zip", sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }
  }

  override_resource {
    target = aws_lambda_function.this
    values = {
      arn         = "arn:aws:lambda:eu-west-1:123456789012:function:pgquerylens"
      code_sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    }
  }

  assert {
    condition     = aws_lambda_function.this["poller"].source_code_hash == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    error_message = "The sum in base64 is ${aws_lambda_function.this["poller"].source_code_hash}"
  }

  assert {
    condition     = aws_lambda_function.this["poller"].s3_bucket == "artefacts" && aws_lambda_function.this["poller"].s3_key == "pgquerylens.zip" && aws_lambda_function.this["poller"].filename == null
    error_message = "The package comes from somewhere else."
  }
}

run "another_package_in_s3_is_refused" {
  command = plan

  variables {
    package = { url = "s3://artefacts/pgquerylens.zip", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }
  }

  expect_failures = [aws_lambda_function.this]
}

run "one_function_is_handed_the_targets_in_the_words_of_the_configuration_file" {
  assert {
    condition     = output.function_names == { poller = "pgquerylens" }
    error_message = "There is not one function called pgquerylens."
  }

  assert {
    condition = jsondecode(aws_scheduler_schedule.this.target[0].input) == { targets = [
      { connection = "postgresql://pgquerylens@db1.example.com/shop", name = "shop", "statement-timeout" = "5s", labels = { team = "shop" } },
      { connection = "postgresql://pgquerylens@db2.example.com/billing" },
    ] }
    error_message = "The schedule hands over: ${aws_scheduler_schedule.this.target[0].input}"
  }

  assert {
    condition     = aws_lambda_function.this["poller"].reserved_concurrent_executions == -1
    error_message = "Concurrency is reserved though nobody asked for it, which a new account has none for."
  }

  assert {
    condition     = length(aws_sqs_queue.servers) == 0 && length(aws_lambda_event_source_mapping.worker) == 0 && output.queue_url == null
    error_message = "There is a queue without a use."
  }
}

run "options_that_are_said_are_in_the_environment_and_no_others" {
  variables {
    top                 = 25
    databases           = ["shop", "billing"]
    resource_attributes = { team = "shop & co" }
    environment         = { RUST_BACKTRACE = "1" }
  }

  assert {
    condition = aws_lambda_function.this["poller"].environment[0].variables == tomap({
      PGQUERYLENS_DATABASE        = "shop,billing"
      PGQUERYLENS_EVERY           = "1m"
      PGQUERYLENS_STATE           = "s3://pgquerylens-state-123456789012-eu-west-1/pgquerylens"
      PGQUERYLENS_TOP             = "25"
      OTEL_EXPORTER_OTLP_ENDPOINT = "https://otlp.example.com:4318"
      OTEL_RESOURCE_ATTRIBUTES    = "team=shop%20%26%20co"
      RUST_BACKTRACE              = "1"
    })
    error_message = "The environment is ${jsonencode(aws_lambda_function.this["poller"].environment[0].variables)}"
  }
}

run "the_interval_is_that_of_a_rate" {
  variables {
    schedule              = "rate(2 hours)"
    alarm_silence_minutes = 300
  }

  assert {
    condition     = aws_lambda_function.this["poller"].environment[0].variables["PGQUERYLENS_EVERY"] == "120m"
    error_message = "Messages are late by another interval than the schedule's."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["poller-errors"].period >= 7200 && aws_cloudwatch_metric_alarm.this["poller-failures"].period >= 7200
    error_message = "A period without an invocation counts against the alarm."
  }
}

run "an_interval_that_is_said_goes_before_that_of_the_schedule" {
  variables {
    schedule = "rate(5 minutes)"
    every    = "15s"
  }

  assert {
    condition     = aws_lambda_function.this["poller"].environment[0].variables["PGQUERYLENS_EVERY"] == "15s"
    error_message = "What is said is not heard."
  }
}

run "cron_tells_no_interval" {
  variables {
    schedule = "cron(*/5 8-18 ? * MON-FRI *)"
  }

  assert {
    condition     = !contains(keys(aws_lambda_function.this["poller"].environment[0].variables), "PGQUERYLENS_EVERY")
    error_message = "An interval is made up."
  }
}

run "the_role_may_log_in_as_the_named_user_on_the_named_instance_and_keep_its_state" {
  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.function["poller"].policy).Statement : statement if statement.Action == ["rds-db:connect"]] == [{
      Effect = "Allow", Action = ["rds-db:connect"], Resource = ["arn:aws:rds-db:eu-west-1:123456789012:dbuser:db-ABC/pgquerylens"]
    }]
    error_message = "The right to log in is another: ${aws_iam_role_policy.function["poller"].policy}"
  }

  assert {
    condition     = output.connect_arns == ["arn:aws:rds-db:eu-west-1:123456789012:dbuser:db-ABC/pgquerylens"]
    error_message = "The output tells other rights."
  }

  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_role_policy.function["poller"].policy).Statement : statement.Action])) == toset([
      "logs:CreateLogStream", "logs:PutLogEvents", "rds-db:connect", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject", "sqs:SendMessage",
    ])
    error_message = "The role may do more or less than it has to: ${aws_iam_role_policy.function["poller"].policy}"
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_iam_role_policy.function["poller"].policy).Statement :
      contains(flatten([statement.Resource]), "arn:aws:s3:::pgquerylens-state-123456789012-eu-west-1/pgquerylens/*") if contains(statement.Action, "s3:GetObject")
    ])
    error_message = "Objects beside the prefix can be read."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.function["poller"].policy).Statement : statement if statement.Action == ["s3:ListBucket"]] == [{
      Effect = "Allow", Action = ["s3:ListBucket"], Resource = ["arn:aws:s3:::pgquerylens-state-123456789012-eu-west-1"]
    }]
    error_message = "S3 would call an object forbidden that is only missing."
  }
}

run "roles_of_targets_in_other_accounts_may_be_assumed" {
  variables {
    resource_ids         = []
    subnet_ids           = ["subnet-0123456789abcdef0"]
    route_table_ids      = ["rtb-0123456789abcdef0"]
    vpc_endpoints        = true
    database_cidr_blocks = ["10.0.0.0/16"]
    targets = [
      { connection = "postgresql://pgquerylens@db1.example.com/shop", aws_role = "arn:aws:iam::210987654321:role/monitoring", aws_external_id = "acme" },
      { connection = "postgresql://pgquerylens@db2.example.com/shop", aws_role = "arn:aws:iam::210987654321:role/monitoring", aws_external_id = "acme" },
    ]
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.function["poller"].policy).Statement : statement if contains(statement.Action, "sts:AssumeRole")] == [{
      Effect    = "Allow", Action = ["sts:AssumeRole"], Resource = ["arn:aws:iam::210987654321:role/monitoring"]
      Condition = { StringEquals = { "sts:ExternalId" = ["acme"] } }
    }]
    error_message = "The role of the target cannot be assumed: ${aws_iam_role_policy.function["poller"].policy}"
  }

  assert {
    condition     = contains(keys(aws_vpc_endpoint.interface), "sts")
    error_message = "STS cannot be reached."
  }
}

run "a_role_that_wants_no_external_id_may_be_assumed_without_one" {
  variables {
    targets = [
      { connection = "postgresql://pgquerylens@db1.example.com/shop", aws_role = "arn:aws:iam::210987654321:role/monitoring", aws_external_id = "acme" },
      { connection = "postgresql://pgquerylens@db2.example.com/shop", aws_role = "arn:aws:iam::310987654321:role/monitoring" },
    ]
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.function["poller"].policy).Statement : statement if contains(statement.Action, "sts:AssumeRole")] == [{
      Effect = "Allow", Action = ["sts:AssumeRole"], Resource = ["arn:aws:iam::210987654321:role/monitoring", "arn:aws:iam::310987654321:role/monitoring"]
    }]
    error_message = "One of the roles cannot be assumed: ${aws_iam_role_policy.function["poller"].policy}"
  }
}

run "the_keys_of_secrets_are_used_by_the_services_of_the_secrets_regions" {
  variables {
    password_secret_arns    = ["arn:aws:secretsmanager:us-east-2:123456789012:secret:db1-AbCdEf"]
    password_parameter_arns = ["arn:aws:ssm:eu-north-1:123456789012:parameter/db2"]
    otlp_headers_secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:otlp-AbCdEf"
    secrets_kms_key_arns    = ["arn:aws:kms:us-east-2:123456789012:key/11111111-2222-3333-4444-555555555555"]
  }

  assert {
    condition = one([for statement in jsondecode(aws_iam_role_policy.function["poller"].policy).Statement : statement.Condition if statement.Action == ["kms:Decrypt"]]) == {
      StringEquals = { "kms:ViaService" = ["secretsmanager.us-east-2.amazonaws.com", "secretsmanager.eu-west-1.amazonaws.com", "ssm.eu-north-1.amazonaws.com"] }
    }
    error_message = "A secret cannot be decrypted where it lies: ${aws_iam_role_policy.function["poller"].policy}"
  }
}

run "no_allowed_action_has_a_wildcard_and_no_resource_is_everything" {
  variables {
    aws_metrics             = ["enhanced-monitoring", "performance-insights"]
    password_secret_arns    = ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:db1-AbCdEf"]
    password_parameter_arns = ["arn:aws:ssm:eu-west-1:123456789012:parameter/db2"]
    otlp_headers_secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:otlp-AbCdEf"
    secrets_kms_key_arns    = ["arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"]
    kms_key_arn             = "arn:aws:kms:eu-west-1:123456789012:key/66666666-7777-8888-9999-000000000000"
  }

  assert {
    condition = alltrue([for action in flatten([for policy in concat(
      values(aws_iam_role_policy.function)[*].policy, [aws_iam_role_policy.scheduler.policy], aws_s3_bucket_policy.state[*].policy, values(aws_sqs_queue_policy.tls_only)[*].policy,
    ) : [for statement in jsondecode(policy).Statement : statement.Action if statement.Effect == "Allow"]]) : can(regex("^[a-z0-9-]+:[A-Za-z]+$", action))])
    error_message = "An action that is allowed has a wildcard."
  }

  assert {
    condition = alltrue([for policy in concat(values(aws_iam_role_policy.function)[*].policy, [aws_iam_role_policy.scheduler.policy]) :
      !contains(flatten([for statement in jsondecode(policy).Statement : statement.Resource]), "*")
    ])
    error_message = "A role may do something on every resource."
  }

  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_role_policy.function["poller"].policy).Statement : statement.Resource if contains(statement.Action, "secretsmanager:GetSecretValue")])) == toset([
      "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db1-AbCdEf", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:otlp-AbCdEf",
    ])
    error_message = "Other secrets than the named ones can be read."
  }

  assert {
    condition     = aws_lambda_function.this["poller"].environment[0].variables["PGQUERYLENS_OTLP_HEADERS_SECRET"] == "arn:aws:secretsmanager:eu-west-1:123456789012:secret:otlp-AbCdEf"
    error_message = "The function is not told where its headers are."
  }

  assert {
    condition     = aws_sqs_queue.dead_letter.kms_master_key_id == var.kms_key_arn && aws_cloudwatch_log_group.function["poller"].kms_key_id == var.kms_key_arn && aws_lambda_function.this["poller"].kms_key_arn == var.kms_key_arn
    error_message = "Something is not encrypted with the key."
  }
}

run "aws_is_asked_only_for_what_is_said" {
  assert {
    condition     = length(setintersection(flatten([for statement in jsondecode(aws_iam_role_policy.function["poller"].policy).Statement : statement.Action]), ["cloudwatch:GetMetricData", "logs:GetLogEvents", "pi:GetResourceMetrics", "rds:DescribeDBInstances", "rds:DescribeDBLogFiles"])) == 0
    error_message = "There is a right that nobody needs."
  }
}

run "what_aws_is_asked_for_is_allowed_on_the_instance_or_its_log" {
  variables {
    aws_metrics       = ["enhanced-monitoring"]
    allow_aws_metrics = ["cloudwatch"]
    targets = [
      { connection = "postgresql://pgquerylens@db1.example.com/shop", name = "shop", aws_instance = "db1", aws_metrics = ["performance-insights"], aws_logs = true },
    ]
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.function["poller"].policy).Statement : statement.Action[0] => statement.Resource if contains(["cloudwatch:GetMetricData", "logs:GetLogEvents", "pi:GetResourceMetrics", "rds:DescribeDBInstances", "rds:DescribeDBLogFiles"], statement.Action[0]) } == {
      "cloudwatch:GetMetricData" = ["*"]
      "logs:GetLogEvents"        = ["arn:aws:logs:eu-west-1:123456789012:log-group:RDSOSMetrics:log-stream:*"]
      "pi:GetResourceMetrics"    = ["arn:aws:pi:eu-west-1:123456789012:metrics/rds/db-ABC"]
      "rds:DescribeDBInstances"  = ["arn:aws:rds:eu-west-1:123456789012:db:*"]
      "rds:DescribeDBLogFiles"   = ["arn:aws:rds:eu-west-1:123456789012:db:*"]
    }
    error_message = "The rights are others: ${aws_iam_role_policy.function["poller"].policy}"
  }
}

run "rights_are_in_the_regions_of_the_servers" {
  variables {
    aws_logs = true
    targets = [
      { connection = "postgresql://pgquerylens@db1.abc123.us-east-2.rds.amazonaws.com/shop" },
      { connection = "postgresql://pgquerylens@db2.example.com/shop", aws_region = "eu-north-1" },
    ]
  }

  assert {
    condition     = output.connect_arns == ["arn:aws:rds-db:us-east-2:123456789012:dbuser:db-ABC/pgquerylens", "arn:aws:rds-db:eu-north-1:123456789012:dbuser:db-ABC/pgquerylens"]
    error_message = "The user can log in elsewhere: ${join(", ", output.connect_arns)}"
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.function["poller"].policy, "arn:aws:rds:us-east-2:123456789012:db:*")
    error_message = "The log is read elsewhere."
  }
}

run "the_bucket_is_private_encrypted_and_cleaned_up" {
  assert {
    condition     = aws_s3_bucket_public_access_block.state[0].restrict_public_buckets && aws_s3_bucket_public_access_block.state[0].block_public_policy
    error_message = "The bucket could become public."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.state[0].rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "The bucket is not encrypted."
  }

  assert {
    condition     = jsondecode(aws_s3_bucket_policy.state[0].policy).Statement[0].Condition == { Bool = { "aws:SecureTransport" = "false" } }
    error_message = "The bucket can be used without TLS."
  }

  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.state[0].rule : rule.id] == ["incomplete-uploads"]
    error_message = "Texts and plans are removed that did not change for long."
  }
}

run "what_was_left_behind_is_removed_where_that_is_said" {
  variables {
    state_expiration_days = 90
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.state[0].rule[1].filter[0].and[0].prefix == "pgquerylens/" && aws_s3_bucket_lifecycle_configuration.state[0].rule[1].expiration[0].days == 90
    error_message = "What was left behind stays for ever, or something else is removed."
  }
}

run "a_bucket_that_is_there_is_left_as_it_is" {
  variables {
    state_bucket = "acme-states"
    state_prefix = "teams/shop"
  }

  assert {
    condition     = length(aws_s3_bucket.state) == 0 && length(aws_s3_bucket_policy.state) == 0 && output.state_url == "s3://acme-states/teams/shop"
    error_message = "The bucket that is there is not used, or is changed."
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.function["poller"].policy, "\"arn:aws:s3:::acme-states/teams/shop/*\"")
    error_message = "The role may not use the prefix."
  }
}

run "failures_throttles_silence_and_what_was_given_up_raise_alarms" {
  variables {
    alarm_action_arns = ["arn:aws:sns:eu-west-1:123456789012:on-call"]
  }

  assert {
    condition     = toset(keys(output.alarm_arns)) == toset(["poller-errors", "poller-failures", "poller-throttles", "dead-letter", "silence"])
    error_message = "The alarms are ${join(", ", keys(output.alarm_arns))}."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset(["arn:aws:sns:eu-west-1:123456789012:on-call"])])
    error_message = "Somebody is not told."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["silence"].treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.this["silence"].period == 600
    error_message = "Silence is not heard."
  }
}

run "lines_of_the_log_about_single_servers_become_a_metric_with_an_alarm" {
  assert {
    condition     = aws_cloudwatch_log_metric_filter.failures["poller"].pattern == "{ ($.message = \"poll failed\") || ($.message = \"delivery in trouble\") }" && aws_cloudwatch_log_metric_filter.failures["poller"].log_group_name == output.log_group_names.poller
    error_message = "Other lines are counted: ${aws_cloudwatch_log_metric_filter.failures["poller"].pattern}"
  }

  assert {
    condition = (one(aws_cloudwatch_log_metric_filter.failures["poller"].metric_transformation).namespace == aws_cloudwatch_metric_alarm.this["poller-failures"].namespace
    && one(aws_cloudwatch_log_metric_filter.failures["poller"].metric_transformation).name == aws_cloudwatch_metric_alarm.this["poller-failures"].metric_name)
    error_message = "The alarm is on another metric."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["poller-failures"].period == 300 && aws_cloudwatch_metric_alarm.this["poller-failures"].datapoints_to_alarm == 2 && aws_cloudwatch_metric_alarm.this["poller-failures"].evaluation_periods == 3
    error_message = "A server that fails for long is not heard of."
  }

  assert {
    condition     = contains(flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : widget.properties.metrics]), "pgquerylens-failures")
    error_message = "The dashboard does not show them."
  }
}

run "a_log_for_people_is_not_counted" {
  variables {
    log_format = "text"
  }

  assert {
    condition     = length(aws_cloudwatch_log_metric_filter.failures) == 0 && !contains(keys(output.alarm_arns), "poller-failures")
    error_message = "An alarm stands on what nobody counts."
  }
}

run "without_alarms_and_dashboard_there_are_none" {
  variables {
    alarms    = false
    dashboard = false
  }

  assert {
    condition     = length(output.alarm_arns) == 0 && output.dashboard_name == null
    error_message = "There is something to pay for."
  }
}

run "every_other_partition_has_arns_of_its_own" {
  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-cn", dns_suffix = "amazonaws.com.cn" }
  }

  assert {
    condition     = alltrue([for arn in output.connect_arns : startswith(arn, "arn:aws-cn:")]) && strcontains(aws_iam_role_policy.function["poller"].policy, "arn:aws-cn:s3:::")
    error_message = "An ARN is of another partition."
  }
}
