# The functions. In the direct shape one polls the targets that the schedule hands it. In the fleet shape a dispatcher finds
# the servers and a worker polls them; both are the same program, told apart by their environment.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account    = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  dns_suffix = data.aws_partition.current.dns_suffix
  region     = data.aws_region.current.region

  is_fleet = var.discovery != null

  # The function that the schedule invokes, and the one that logs in to servers.
  invoked = local.is_fleet ? "dispatcher" : "poller"
  polling = local.is_fleet ? "worker" : "poller"
  names   = { for role in toset([local.invoked, local.polling]) : role => local.is_fleet ? "${var.name}-${role}" : var.name }

  # A message is late by the interval between polls, so that the program has to know the schedule's.
  from_schedule = local.interval_minutes == null ? {} : { PGQUERYLENS_EVERY = "${local.interval_minutes}m" }
  said          = merge(local.from_schedule, { for name, value in local.options : name => value if value != null })

  polling_environment = merge(
    local.said,
    { PGQUERYLENS_STATE = local.state_url },
    var.otlp_headers_secret_arn == null ? {} : { PGQUERYLENS_OTLP_HEADERS_SECRET = var.otlp_headers_secret_arn },
    var.environment,
  )

  discovery = local.is_fleet ? {
    PGQUERYLENS_DISCOVER_TAG         = join(",", [for key, value in var.discovery.tags : "${key}=${value}"])
    PGQUERYLENS_DISCOVER_REGION      = join(",", var.discovery.regions)
    PGQUERYLENS_DISCOVER_ENGINE      = join(",", var.discovery.engines)
    PGQUERYLENS_DISCOVER_ROLE        = join(",", var.discovery.role_arns)
    PGQUERYLENS_DISCOVER_EXTERNAL_ID = var.discovery.external_id == null ? "" : var.discovery.external_id
    PGQUERYLENS_DISCOVER_USER        = var.discovery.user
    PGQUERYLENS_DISCOVER_DATABASE    = var.discovery.database
    PGQUERYLENS_DISCOVER_INCLUDE     = join(",", var.discovery.include)
    PGQUERYLENS_DISCOVER_EXCLUDE     = join(",", var.discovery.exclude)
  } : {}

  # Whoever has the queue's URL dispatches, and neither has a state nor sends anything by OTLP.
  environments = {
    poller = local.polling_environment
    worker = local.polling_environment
    dispatcher = merge(
      local.said,
      var.environment,
      { for name, value in local.discovery : name => value if value != "" },
      local.is_fleet ? { PGQUERYLENS_QUEUE_URL = aws_sqs_queue.servers[0].url } : {},
    )
  }

  package_s3 = var.package.url == null ? null : regex("^s3://(?P<bucket>[^/]+)/(?P<key>.+)$", var.package.url)

  # Lambda tells the sum of a package in base64, of which Terraform has no function for hexadecimal: six digits of the one are
  # four of the other, and two zeros fill up the last six.
  base64_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  package_groups  = var.package.sha256 == null ? [] : [for group in regexall("[0-9a-f]{6}", "${var.package.sha256}00") : parseint(group, 16)]
  package_base64 = var.package.sha256 == null ? null : format("%s=", substr(join("", flatten([
    for group in local.package_groups : [
      for weight in [262144, 4096, 64, 1] : substr(local.base64_alphabet, floor(group / weight) % 64, 1)
    ]
  ])), 0, 43))
  package_hash = var.package.path == null ? local.package_base64 : filebase64sha256(var.package.path)
}

resource "aws_lambda_function" "this" {
  for_each = local.names

  function_name = each.value
  description = {
    poller     = "Polls PostgreSQL servers and sends what they did by OTLP."
    dispatcher = "Finds PostgreSQL servers and queues a message for each."
    worker     = "Polls the PostgreSQL servers of its messages and sends what they did by OTLP."
  }[each.key]

  role                    = aws_iam_role.function[each.key].arn
  runtime                 = "provided.al2023"
  handler                 = "bootstrap"
  architectures           = [var.architecture]
  memory_size             = var.memory_size_mb
  timeout                 = var.timeout_seconds
  kms_key_arn             = var.kms_key_arn
  code_signing_config_arn = var.code_signing_config_arn

  filename         = var.package.path
  s3_bucket        = try(local.package_s3.bucket, null)
  s3_key           = try(local.package_s3.key, null)
  source_code_hash = local.package_hash

  reserved_concurrent_executions = each.key == local.invoked ? var.reserved_concurrency : -1

  environment {
    variables = local.environments[each.key]
  }

  logging_config {
    log_format = "JSON"
    # What is logged is for the program to say: Lambda leaves nothing out.
    application_log_level = "TRACE"
    log_group             = aws_cloudwatch_log_group.function[each.key].name
  }

  dynamic "vpc_config" {
    for_each = local.in_vpc ? [true] : []

    content {
      subnet_ids         = var.subnet_ids
      security_group_ids = local.security_group_ids
    }
  }

  tags = var.tags

  lifecycle {
    postcondition {
      condition     = var.package.url == null || self.code_sha256 == local.package_hash
      error_message = "The object at the package's url has another sha256 than was said. It is deployed by now: say the right one, or mend the object."
    }
  }

  # A function in a VPC is not made before its role may make network interfaces.
  depends_on = [aws_iam_role_policy.function]
}

# A poll that failed is not tried again by Lambda: the schedule brings the next one, and its window covers both.
resource "aws_lambda_function_event_invoke_config" "this" {
  function_name                = aws_lambda_function.this[local.invoked].function_name
  maximum_event_age_in_seconds = 60
  maximum_retry_attempts       = 0

  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead_letter.arn
    }
  }
}
