# Who may do what. Each function has a role of its own with the least it needs, and the schedule has one. No action that is
# allowed has a wildcard; where a resource has one, it is said why.

locals {
  secret_arns = concat(var.password_secret_arns, var.otlp_headers_secret_arn == null ? [] : [var.otlp_headers_secret_arn])

  # By the services that decrypt them, each in the region of what it reads.
  secret_services = distinct(concat(
    [for arn in local.secret_arns : "secretsmanager.${split(":", arn)[3]}.${local.dns_suffix}"],
    [for arn in var.password_parameter_arns : "ssm.${split(":", arn)[3]}.${local.dns_suffix}"],
  ))

  # Roles that are assumed: those that discovery looks by, or those of targets in other accounts.
  in_other_accounts = [for target in var.targets : target if try(target.aws_role, null) != null]
  role_arns         = local.is_fleet ? var.discovery.role_arns : distinct([for target in local.in_other_accounts : target.aws_role])
  external_ids = local.is_fleet ? compact([var.discovery.external_id]) : distinct([
    for target in local.in_other_accounts : target.aws_external_id if try(target.aws_external_id, null) != null
  ])
  # Where one role wants none, the right cannot depend on one.
  want_external_ids = length(local.external_ids) > 0 && alltrue([for target in local.in_other_accounts : try(target.aws_external_id, null) != null])

  # The servers of a fleet are in the regions that are looked in, those that are named where they or their endpoints say.
  regions = local.is_fleet ? coalescelist(var.discovery.regions, [local.region]) : distinct([
    for target in var.targets : coalesce(
      try(target.aws_region, null), var.aws_region, try(regex("\\.([a-z0-9-]+)\\.rds\\.amazonaws\\.com", target.connection)[0], null), local.region,
    )
  ])

  # A user and a resource together: "*" lets the named users alone log in, wherever they exist.
  connect_arns = [
    for triple in setproduct(local.regions, var.resource_ids, var.database_users) :
    "arn:${local.partition}:rds-db:${triple[0]}:${local.account}:dbuser:${triple[1]}/${triple[2]}"
  ]

  # What AWS is asked for besides: for all servers, for those that are named, and for those that may say so by a tag.
  aws_metrics = distinct(concat(
    var.aws_metrics == null ? [] : var.aws_metrics,
    flatten([for target in var.targets : try(target.aws_metrics, [])]),
    var.allow_aws_metrics,
  ))

  reads_logs = anytrue(concat([var.aws_logs == true, var.allow_aws_logs], [for target in var.targets : try(target.aws_logs == true, false)]))

  # Performance Insights knows an instance by its own resource id, never by its cluster's.
  insights_ids = length(var.resource_ids) > 0 && alltrue([for id in var.resource_ids : startswith(id, "db-")]) ? var.resource_ids : ["*"]

  # Statements by what they are for; an empty list of resources means that nobody needs the right.
  statements = {
    logs = { for role, name in local.names : role => {
      actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      resources = ["${aws_cloudwatch_log_group.function[role].arn}:*"]
    } }
    login = {
      actions   = ["rds-db:connect"]
      resources = local.connect_arns
    }
    state = {
      actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
      resources = ["${local.state_bucket_arn}/${var.state_prefix}/*"]
    }
    # Without it S3 calls an object forbidden that is only missing. No condition on s3:prefix: who reads an object names no
    # prefix, so that it would never hold then. Names of the whole bucket can be listed, and read below the prefix alone.
    state_names = {
      actions   = ["s3:ListBucket"]
      resources = [local.state_bucket_arn]
    }
    secrets = {
      actions   = ["secretsmanager:GetSecretValue"]
      resources = local.secret_arns
    }
    parameters = {
      actions   = ["ssm:GetParameter"]
      resources = var.password_parameter_arns
    }
    secrets_key = {
      actions   = ["kms:Decrypt"]
      resources = length(local.secret_arns) + length(var.password_parameter_arns) > 0 ? var.secrets_kms_key_arns : []
      condition = { StringEquals = { "kms:ViaService" = local.secret_services } }
    }
    key = {
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = var.kms_key_arn == null ? [] : [var.kms_key_arn]
    }
    # GetMetricData knows no resources.
    metrics = {
      actions   = ["cloudwatch:GetMetricData"]
      resources = contains(local.aws_metrics, "cloudwatch") ? ["*"] : []
    }
    # A stream is called by the resource id of its instance.
    enhanced_monitoring = {
      actions = ["logs:GetLogEvents"]
      resources = !contains(local.aws_metrics, "enhanced-monitoring") ? [] : [
        for region in local.regions : "arn:${local.partition}:logs:${region}:${local.account}:log-group:RDSOSMetrics:log-stream:*"
      ]
    }
    performance_insights = {
      actions = ["pi:GetResourceMetrics"]
      resources = !contains(local.aws_metrics, "performance-insights") ? [] : [
        for pair in setproduct(local.regions, local.insights_ids) : "arn:${local.partition}:pi:${pair[0]}:${local.account}:metrics/rds/${pair[1]}"
      ]
    }
    # What an instance is, and what is on for it: a server says its name with the poll.
    instance = {
      actions = ["rds:DescribeDBInstances"]
      resources = length(local.aws_metrics) == 0 ? [] : [
        for region in local.regions : "arn:${local.partition}:rds:${region}:${local.account}:db:*"
      ]
    }
    # By the name of the instance, which a server says with the poll.
    server_logs = {
      actions = ["rds:DescribeDBLogFiles", "rds:DownloadDBLogFilePortion"]
      resources = !local.reads_logs ? [] : [
        for region in local.regions : "arn:${local.partition}:rds:${region}:${local.account}:db:*"
      ]
    }
    # To look at all instances is to look at each: which ones have the tag shows only then.
    instances = {
      actions = ["rds:DescribeDBInstances", "rds:DescribeDBClusters", "rds:ListTagsForResource"]
      resources = flatten([for region in local.regions : [
        for kind in ["db", "cluster"] : "arn:${local.partition}:rds:${region}:${local.account}:${kind}:*"
      ]])
    }
    accounts = {
      actions   = ["sts:AssumeRole"]
      resources = local.role_arns
      condition = local.want_external_ids ? { StringEquals = { "sts:ExternalId" = local.external_ids } } : null
    }
    send = {
      actions   = ["sqs:SendMessage"]
      resources = aws_sqs_queue.servers[*].arn
    }
    receive = {
      actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
      resources = aws_sqs_queue.servers[*].arn
    }
    bury = {
      actions   = ["sqs:SendMessage"]
      resources = [aws_sqs_queue.dead_letter.arn]
    }
    # Lambda makes the interfaces with the function's role, and asks for the right on every resource.
    network = {
      actions = [
        "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
      ]
      resources = local.in_vpc ? ["*"] : []
    }
  }

  polling_needs = [
    "login", "state", "state_names", "secrets", "parameters", "secrets_key", "key",
    "metrics", "enhanced_monitoring", "performance_insights", "instance", "server_logs", "network",
  ]
  needs = {
    poller     = concat(local.polling_needs, ["accounts", "bury"])
    worker     = concat(local.polling_needs, ["accounts", "receive"])
    dispatcher = ["instances", "accounts", "send", "bury", "key", "network"]
  }

  policies = { for role, name in local.names : role => {
    Version = "2012-10-17"
    Statement = concat(
      [for statement in concat([local.statements.logs[role]], [for need in local.needs[role] : local.statements[need]]) : merge(
        { Effect = "Allow", Action = statement.actions, Resource = statement.resources },
        try(statement.condition, null) == null ? {} : { Condition = statement.condition },
      ) if length(statement.resources) > 0],
      # The right is for Lambda, not for the code that runs in the function.
      local.in_vpc ? [{
        Effect    = "Deny"
        Action    = local.statements.network.actions
        Resource  = ["*"]
        Condition = { ArnEquals = { "lambda:SourceFunctionArn" = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${name}" } }
      }] : [],
    )
  } }
}

resource "aws_iam_role" "function" {
  for_each = local.names

  name                 = "${each.value}-${local.region}"
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "function" {
  for_each = local.names

  name   = "pgquerylens"
  role   = aws_iam_role.function[each.key].id
  policy = jsonencode(local.policies[each.key])
}

resource "aws_iam_role" "scheduler" {
  name                 = "${var.name}-schedule-${local.region}"
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  # Nobody else's schedule may make use of the role.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = {
        "aws:SourceAccount" = local.account
        "aws:SourceArn"     = aws_scheduler_schedule_group.this.arn
      } }
    }]
  })
}

resource "aws_iam_role_policy" "scheduler" {
  name = "pgquerylens"
  role = aws_iam_role.scheduler.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      { Effect = "Allow", Action = ["lambda:InvokeFunction"], Resource = [aws_lambda_function.this[local.invoked].arn] },
      { Effect = "Allow", Action = ["sqs:SendMessage"], Resource = [aws_sqs_queue.dead_letter.arn] },
      ], var.kms_key_arn == null ? [] : [
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = [var.kms_key_arn] },
    ])
  })
}
