# The fleet shape: a dispatcher finds the servers, a queue hands them to a worker; and the network between them.

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
  package      = { path = "versions.tf" }
  resource_ids = ["*"]
  discovery = {
    tags        = { monitoring = "pgquerylens", env = "prod" }
    regions     = ["eu-west-1", "eu-central-1"]
    role_arns   = ["arn:aws:iam::210987654321:role/monitoring"]
    external_id = "acme"
    exclude     = ["scratch-*"]
  }
  timeout_seconds = 90
}

run "the_dispatcher_is_told_what_to_look_for_and_where_to_send_it" {
  assert {
    condition     = output.function_names == { dispatcher = "pgquerylens-dispatcher", worker = "pgquerylens-worker" }
    error_message = "The functions are others."
  }

  assert {
    condition = aws_lambda_function.this["dispatcher"].environment[0].variables == tomap({
      PGQUERYLENS_DISCOVER_DATABASE    = "postgres"
      PGQUERYLENS_DISCOVER_ENGINE      = "postgres,aurora-postgresql"
      PGQUERYLENS_DISCOVER_EXCLUDE     = "scratch-*"
      PGQUERYLENS_DISCOVER_EXTERNAL_ID = "acme"
      PGQUERYLENS_DISCOVER_REGION      = "eu-west-1,eu-central-1"
      PGQUERYLENS_DISCOVER_ROLE        = "arn:aws:iam::210987654321:role/monitoring"
      PGQUERYLENS_DISCOVER_TAG         = "env=prod,monitoring=pgquerylens"
      PGQUERYLENS_DISCOVER_USER        = "pgquerylens"
      PGQUERYLENS_EVERY                = "1m"
      PGQUERYLENS_QUEUE_URL            = "https://sqs.eu-west-1.amazonaws.com/123456789012/pgquerylens"
    })
    error_message = "The environment is ${jsonencode(aws_lambda_function.this["dispatcher"].environment[0].variables)}"
  }

  assert {
    condition     = aws_scheduler_schedule.this.target[0].input == "{}" && aws_scheduler_schedule.this.target[0].arn == output.function_arns.dispatcher
    error_message = "The schedule does not invoke the dispatcher with nothing."
  }

  assert {
    condition = aws_lambda_function.this["worker"].environment[0].variables == tomap({
      PGQUERYLENS_EVERY = "1m"
      PGQUERYLENS_STATE = "s3://pgquerylens-state-123456789012-eu-west-1/pgquerylens"
    })
    error_message = "The worker is told something else: ${jsonencode(aws_lambda_function.this["worker"].environment[0].variables)}"
  }
}

run "messages_that_fail_come_back_alone_and_go_to_the_dead_letters_in_the_end" {
  assert {
    condition     = aws_lambda_event_source_mapping.worker[0].function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "One server's failure brings back the messages of all."
  }

  assert {
    condition     = aws_sqs_queue.servers[0].visibility_timeout_seconds == 540 && aws_sqs_queue.servers[0].message_retention_seconds == 3600
    error_message = "A message is seen again too early, or waits too long."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.servers[0].redrive_policy).maxReceiveCount == 3
    error_message = "A message is tried another number of times."
  }

  assert {
    condition     = one(aws_lambda_event_source_mapping.worker[0].scaling_config).maximum_concurrency == 10
    error_message = "Another number of workers runs at the same time."
  }

  assert {
    condition     = contains(keys(output.alarm_arns), "lag")
    error_message = "Nobody hears that servers wait."
  }
}

run "a_server_that_is_not_polled_and_an_account_that_is_not_searched_raise_alarms" {
  assert {
    condition     = aws_cloudwatch_log_metric_filter.failures["dispatcher"].pattern == "{ ($.message = \"not looked\") || ($.message = \"not sent\") }" && strcontains(aws_cloudwatch_log_metric_filter.failures["worker"].pattern, "poll failed")
    error_message = "Other lines are counted."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["worker-failures"].metric_name == "pgquerylens-worker-failures" && aws_cloudwatch_metric_alarm.this["dispatcher-failures"].metric_name == "pgquerylens-dispatcher-failures"
    error_message = "An alarm is on another metric."
  }

  assert {
    condition     = length(setintersection(flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : widget.properties.metrics]), ["pgquerylens-worker-failures", "pgquerylens-dispatcher-failures"])) == 2
    error_message = "The dashboard does not show them."
  }
}

run "dispatcher_and_worker_have_the_rights_of_their_work_alone" {
  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_role_policy.function["dispatcher"].policy).Statement : statement.Action])) == toset([
      "logs:CreateLogStream", "logs:PutLogEvents", "rds:DescribeDBClusters", "rds:DescribeDBInstances", "rds:ListTagsForResource", "sqs:SendMessage", "sts:AssumeRole",
    ])
    error_message = "The dispatcher may do more or less than it has to: ${aws_iam_role_policy.function["dispatcher"].policy}"
  }

  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_role_policy.function["worker"].policy).Statement : statement.Action])) == toset([
      "logs:CreateLogStream", "logs:PutLogEvents", "rds-db:connect", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sts:AssumeRole",
    ])
    error_message = "The worker may do more or less than it has to: ${aws_iam_role_policy.function["worker"].policy}"
  }

  assert {
    condition = toset(output.connect_arns) == toset([
      "arn:aws:rds-db:eu-west-1:123456789012:dbuser:*/pgquerylens", "arn:aws:rds-db:eu-central-1:123456789012:dbuser:*/pgquerylens",
    ])
    error_message = "The named user can log in elsewhere, or somebody else can."
  }

  assert {
    condition     = !contains(flatten([for policy in values(aws_iam_role_policy.function)[*].policy : [for statement in jsondecode(policy).Statement : statement.Resource]]), "*")
    error_message = "A role may do something on every resource."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.function["worker"].policy).Statement : statement.Condition == { StringEquals = { "sts:ExternalId" = ["acme"] } } if contains(statement.Action, "sts:AssumeRole")])
    error_message = "Roles of other accounts are assumed without the external id."
  }
}

run "in_a_vpc_a_group_lets_out_and_lambda_alone_makes_interfaces" {
  variables {
    subnet_ids                  = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    database_cidr_blocks        = ["10.0.0.0/16"]
    database_security_group_ids = ["sg-0123456789abcdef0"]
    database_port               = 5433
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.database_networks["10.0.0.0/16"].from_port == 5433 && aws_vpc_security_group_egress_rule.database_groups[0].to_port == 5433 && aws_vpc_security_group_egress_rule.https["0.0.0.0/0"].from_port == 443
    error_message = "The group lets out elsewhere."
  }

  assert {
    condition     = one(aws_lambda_function.this["worker"].vpc_config).subnet_ids == toset(var.subnet_ids)
    error_message = "The worker is in other subnets."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.function["worker"].policy).Statement : statement.Condition if statement.Effect == "Deny"] == [
      { ArnEquals = { "lambda:SourceFunctionArn" = "arn:aws:lambda:eu-west-1:123456789012:function:pgquerylens-worker" } }
    ]
    error_message = "The function's own code may make network interfaces."
  }

  assert {
    condition     = length(aws_vpc_endpoint.interface) == 0 && length(aws_vpc_endpoint.s3) == 0
    error_message = "Endpoints are made though nobody asked for them."
  }
}

run "the_group_lets_out_by_the_ports_of_the_otlp_endpoints" {
  variables {
    subnet_ids            = ["subnet-0123456789abcdef0"]
    database_cidr_blocks  = ["10.0.0.0/16"]
    https_cidr_blocks     = ["10.1.0.0/16"]
    otlp_endpoint         = "https://otlp.example.com:4318"
    otlp_metrics_endpoint = "http://collector.internal/v1/metrics"
    otlp_logs_endpoint    = "https://[2001:db8::1]/v1/logs"
  }

  assert {
    condition     = { for key, rule in aws_vpc_security_group_egress_rule.otlp : key => [rule.cidr_ipv4, rule.from_port, rule.to_port] } == { "10.1.0.0/16 4318" = ["10.1.0.0/16", 4318, 4318], "10.1.0.0/16 80" = ["10.1.0.0/16", 80, 80] }
    error_message = "The ports are ${join(", ", keys(aws_vpc_security_group_egress_rule.otlp))}"
  }
}

run "an_endpoint_of_grpc_has_its_port_without_a_scheme" {
  variables {
    subnet_ids           = ["subnet-0123456789abcdef0"]
    database_cidr_blocks = ["10.0.0.0/16"]
    otlp_endpoint        = "collector.internal:4317"
  }

  assert {
    condition     = keys(aws_vpc_security_group_egress_rule.otlp) == ["0.0.0.0/0 4317"]
    error_message = "The ports are ${join(", ", keys(aws_vpc_security_group_egress_rule.otlp))}"
  }
}

run "an_endpoint_on_443_needs_no_second_rule" {
  variables {
    subnet_ids           = ["subnet-0123456789abcdef0"]
    database_cidr_blocks = ["10.0.0.0/16"]
    otlp_endpoint        = "https://otlp.example.com"
  }

  assert {
    condition     = length(aws_vpc_security_group_egress_rule.otlp) == 0
    error_message = "AWS refuses two rules of the same."
  }
}

run "endpoints_are_made_for_what_is_used" {
  variables {
    subnet_ids              = ["subnet-0123456789abcdef0"]
    route_table_ids         = ["rtb-0123456789abcdef0"]
    security_group_ids      = ["sg-0123456789abcdef0"]
    otlp_headers_secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:otlp-AbCdEf"
    vpc_endpoints           = true
  }

  assert {
    condition     = keys(aws_vpc_endpoint.interface) == ["rds", "secretsmanager", "sqs", "sts"] && length(aws_vpc_endpoint.s3) == 1
    error_message = "The endpoints are ${join(", ", keys(aws_vpc_endpoint.interface))}."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints[0].referenced_security_group_id == "sg-0123456789abcdef0" && output.security_group_id == null
    error_message = "The endpoints do not let the functions in, or a group is made without a use."
  }
}
