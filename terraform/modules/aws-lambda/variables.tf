# What is deployed, and with which rights. What pgquerylens itself does is said by the variables in options.tf.

variable "name" {
  description = "What everything is called here, or the beginning of it. At most 28 characters, since the state bucket is NAME-state-ACCOUNT-REGION."
  type        = string
  default     = "pgquerylens"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,26}[a-z0-9]$", var.name)) && !strcontains(var.name, "--")
    error_message = "name has 2 to 28 lowercase letters, digits and single hyphens, begins with a letter and does not end with a hyphen."
  }
}

variable "package" {
  description = "The zip with the program: a local path, or an object in S3 as s3://BUCKET/KEY with its sha256 in hexadecimal. A sha256 beside a path is checked, too."
  type = object({
    path   = optional(string)
    url    = optional(string)
    sha256 = optional(string)
  })
  nullable = false

  validation {
    condition     = (var.package.path == null) != (var.package.url == null)
    error_message = "package has exactly one of path and url."
  }

  validation {
    condition     = var.package.url == null || var.package.sha256 != null
    error_message = "package: a url needs its sha256."
  }

  validation {
    condition     = var.package.url == null ? true : can(regex("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+$", var.package.url))
    error_message = "package: url is s3://BUCKET/KEY. Lambda takes code from S3 or from a file alone: download what is elsewhere, check its sha256 and say it as path, or copy it to a bucket of this region."
  }

  validation {
    condition     = var.package.sha256 == null ? true : can(regex("^[0-9a-f]{64}$", var.package.sha256))
    error_message = "package: sha256 has 64 lowercase hexadecimal digits, as sha256sum prints them."
  }

  validation {
    condition     = var.package.path == null || var.package.sha256 == null ? true : filesha256(var.package.path) == var.package.sha256
    error_message = "package: the file at path has another sha256."
  }
}

variable "architecture" {
  description = "The architecture that the package was built for: x86_64 or arm64."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture is one of x86_64, arm64."
  }
}

# Any object, since its keys come from the table of options: a typed one would drop a misspelt key without a word.
variable "targets" {
  description = "The servers to poll, in the direct shape. Each is an object with the keys of a server in the configuration file, in snake case: connection is required, name and labels are usual. Exactly one of targets and discovery is said."
  type        = any
  default     = []
  nullable    = false

  validation {
    condition     = can([for target in var.targets : keys(target)])
    error_message = "targets is a list of objects."
  }

  validation {
    condition     = try(alltrue([for target in var.targets : can(regex("\\S", target.connection))]), false)
    error_message = "targets: each has a connection, such as postgresql://pgquerylens@HOST:5432/DATABASE."
  }

  validation {
    condition = try(length(setsubtract(flatten([for target in var.targets : keys(target)]), local.target_keys)) == 0, false)
    error_message = format("targets: there is no key %s. A target has the keys of a server in the configuration file: %s.",
      try(join(", ", setsubtract(flatten([for target in var.targets : keys(target)]), local.target_keys)), "of that kind"),
    join(", ", local.target_keys))
  }

  validation {
    condition     = try(alltrue([for target in var.targets : !can(regex("^[a-z]+://[^/@]*:[^/@]*@|password *=", target.connection)) && (try(target.password, null) == null || !can(tostring(target.password)))]), false)
    error_message = "targets: a password in clear would lie in Terraform's state and in the schedule. Use auth = \"rds-iam\", or password = { aws-secret = ARN }."
  }

  validation {
    condition     = try(length(distinct([for target in var.targets : try(target.name, target.connection)])) == length(var.targets), false)
    error_message = "targets: two have the same name, or the same connection without a name."
  }

  # EventBridge Scheduler takes no more as an input.
  validation {
    condition     = length(jsonencode(var.targets)) <= 256 * 1024
    error_message = "targets: at most 256 KiB of JSON. Find so many servers with discovery."
  }
}

variable "discovery" {
  description = <<-EOT
    How servers are found, in the fleet shape:
    - `tags`: tags that an instance or its cluster has; all of them.
    - `regions`: where to look; without it in this region alone.
    - `engines`: the engines that are looked for: postgres, aurora-postgresql.
    - `role_arns`: roles of other accounts, which are assumed to look and to log in there.
    - `external_id`: the external id that these roles want.
    - `user`, `database`: the database role that logs in, and where.
    - `include`, `exclude`: patterns of instance names, with * and ?.
  EOT
  type = object({
    tags        = optional(map(string), {})
    regions     = optional(list(string), [])
    engines     = optional(list(string), ["postgres", "aurora-postgresql"])
    role_arns   = optional(list(string), [])
    external_id = optional(string)
    user        = optional(string, "pgquerylens")
    database    = optional(string, "postgres")
    include     = optional(list(string), [])
    exclude     = optional(list(string), [])
  })
  default = null

  validation {
    condition     = (var.discovery == null) != (length(var.targets) == 0)
    error_message = "Exactly one of targets and discovery is said: targets for a few servers that you name, discovery for a fleet that is found."
  }

  validation {
    condition     = var.discovery == null ? true : length(setsubtract(var.discovery.engines, ["postgres", "aurora-postgresql"])) == 0 && length(var.discovery.engines) > 0
    error_message = "discovery: engines are postgres and aurora-postgresql."
  }

  validation {
    condition     = var.discovery == null ? true : alltrue([for region in var.discovery.regions : can(regex("^[a-z]{2,}(-[a-z]+)+-[0-9]+$", region))])
    error_message = "discovery: a region is called as in eu-west-1."
  }

  validation {
    condition     = var.discovery == null ? true : alltrue([for arn in var.discovery.role_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[\\w+=,.@/-]+$", arn))])
    error_message = "discovery: role_arns are ARNs of roles, as in arn:aws:iam::123456789012:role/monitoring, without a wildcard."
  }

  validation {
    condition     = var.discovery == null ? true : alltrue([for text in concat(keys(var.discovery.tags), values(var.discovery.tags), var.discovery.include, var.discovery.exclude) : !strcontains(text, ",")]) && alltrue([for key in keys(var.discovery.tags) : !strcontains(key, "=")])
    error_message = "discovery: tags and patterns have no comma, and the key of a tag has no equals sign: they are handed over separated by these."
  }

  validation {
    condition     = var.discovery == null ? true : can(regex("^[A-Za-z_][A-Za-z0-9_]{0,62}$", var.discovery.user))
    error_message = "discovery: user is the name of a database role."
  }
}

variable "schedule" {
  description = "When servers are polled: rate(…) or cron(…) of EventBridge Scheduler. A rate is also what every is, where that is not said; with cron(…) say every, the longest pause between two polls."
  type        = string
  default     = "rate(1 minute)"

  validation {
    condition     = can(regex("^(rate\\([1-9][0-9]* (minutes?|hours?|days?)\\)|cron\\([0-9*,/-]+ [0-9*,/-]+ [0-9*,/?LW-]+ [0-9A-Z*,/-]+ [0-9A-Z*,/?L#-]+ [0-9*,/-]+\\))$", var.schedule))
    error_message = "schedule is rate(VALUE UNIT), as in rate(1 minute), or cron(…) with six fields: minutes, hours, day of month, month, day of week, year."
  }

  validation {
    condition     = !startswith(var.schedule, "cron(") || try(length([for field in [split(" ", var.schedule)[2], split(" ", var.schedule)[4]] : field if field == "?"]) == 1, false)
    error_message = "schedule: in cron(…) one of day of month and day of week is ?, as in cron(*/5 8-18 ? * MON-FRI *)."
  }
}

variable "schedule_timezone" {
  description = "The time zone of cron(…), by its name in the IANA database."
  type        = string
  default     = "UTC"

  validation {
    condition     = can(regex("^(UTC|[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+)+)$", var.schedule_timezone))
    error_message = "schedule_timezone is called as in Europe/Berlin, or UTC."
  }
}

variable "schedule_enabled" {
  description = "Whether the schedule runs. With false everything is there, and nothing is polled."
  type        = bool
  default     = true
  nullable    = false
}

variable "memory_size_mb" {
  description = "The memory of a function in MiB; its share of a CPU goes with it."
  type        = number
  default     = 256

  validation {
    condition     = var.memory_size_mb >= 128 && var.memory_size_mb <= 10240 && floor(var.memory_size_mb) == var.memory_size_mb
    error_message = "memory_size_mb is a whole number from 128 to 10240."
  }
}

variable "timeout_seconds" {
  description = "How long an invocation may take. It covers the deadline of a poll, its delivery, and all servers of one invocation."
  type        = number
  default     = 60

  validation {
    condition     = var.timeout_seconds >= 10 && var.timeout_seconds <= 900 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "timeout_seconds is a whole number from 10 to 900."
  }
}

variable "reserved_concurrency" {
  description = "How many invocations of the function that the schedule invokes may run at the same time, which are then kept free for it; -1 reserves nothing. Two polls of one server at the same time are kept apart by a lock on the server anyway. Reserving fails in an account whose quota leaves less than 100 to all others, as the quotas of new accounts do."
  type        = number
  default     = -1

  validation {
    condition     = var.reserved_concurrency == -1 || var.reserved_concurrency >= 1
    error_message = "reserved_concurrency is at least 1, or -1. To stop polling set schedule_enabled to false."
  }
}

variable "batch_size" {
  description = "Of how many servers an invocation of the worker gets the messages, in the fleet shape."
  type        = number
  default     = 5

  validation {
    condition     = var.batch_size >= 1 && var.batch_size <= 10 && floor(var.batch_size) == var.batch_size
    error_message = "batch_size is a whole number from 1 to 10."
  }
}

variable "maximum_concurrency" {
  description = "How many workers may run at the same time, in the fleet shape."
  type        = number
  default     = 10

  validation {
    condition     = var.maximum_concurrency >= 2 && var.maximum_concurrency <= 1000 && floor(var.maximum_concurrency) == var.maximum_concurrency
    error_message = "maximum_concurrency is a whole number from 2 to 1000."
  }
}

variable "message_retention_seconds" {
  description = "How long a server's message waits for a worker, in the fleet shape. A poll that is late is worth nothing, since the next one is due."
  type        = number
  default     = 3600

  validation {
    condition     = var.message_retention_seconds >= 60 && var.message_retention_seconds <= 1209600
    error_message = "message_retention_seconds is from 60 to 1209600, which are 14 days."
  }
}

variable "max_receive_count" {
  description = "How often a server's message is tried before it goes to the dead-letter queue, in the fleet shape."
  type        = number
  default     = 3

  validation {
    condition     = var.max_receive_count >= 1 && var.max_receive_count <= 1000
    error_message = "max_receive_count is from 1 to 1000."
  }
}

variable "state_bucket" {
  description = "The name of a bucket for the states, known when Terraform plans. Without it one is made."
  type        = string
  default     = null

  validation {
    condition     = var.state_bucket == null ? true : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "state_bucket is the name of a bucket: 3 to 63 lowercase letters, digits, dots and hyphens."
  }
}

variable "state_prefix" {
  description = "Below what the states lie in the bucket."
  type        = string
  default     = "pgquerylens"

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", var.state_prefix))
    error_message = "state_prefix has letters, digits and . _ - in parts with a slash between them, and none at its ends."
  }
}

variable "state_expiration_days" {
  description = "After how many days without a write an object of more than 16 KiB below state_prefix is removed from the bucket that is made here; without it none is. It removes states of servers that are polled no longer. Of servers that are polled it removes texts of statements and plans that did not change for so long: texts are read anew, plans are kept again when the server logs them again."
  type        = number
  default     = null

  validation {
    condition     = var.state_expiration_days == null ? true : var.state_expiration_days >= 2 && floor(var.state_expiration_days) == var.state_expiration_days
    error_message = "state_expiration_days is a whole number from 2."
  }
}

variable "state_force_destroy" {
  description = "Whether the bucket that is made here may be destroyed while states lie in it."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_key_arn" {
  description = "A key of yours for the states, queues, logs, schedule and environment. Without it AWS's own keys encrypt them. Its policy must let the service of CloudWatch Logs use it."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null ? true : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[\\w-]+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, as in arn:aws:kms:eu-west-1:123456789012:key/…; not of an alias."
  }
}

variable "otlp_headers_secret_arn" {
  description = "The secret of Secrets Manager with the headers of the exporter, such as api-key=…; the function reads it when it starts."
  type        = string
  default     = null

  validation {
    condition     = var.otlp_headers_secret_arn == null ? true : can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[\\w/+=.@!-]+$", var.otlp_headers_secret_arn))
    error_message = "otlp_headers_secret_arn is the full ARN of a secret, as in arn:aws:secretsmanager:eu-west-1:123456789012:secret:otlp-AbCdEf."
  }
}

variable "password_secret_arns" {
  description = "Secrets of Secrets Manager with passwords of servers, for targets that cannot use IAM."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.password_secret_arns : can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[\\w/+=.@!-]+$", arn))])
    error_message = "password_secret_arns are full ARNs of secrets, without a wildcard."
  }
}

variable "password_parameter_arns" {
  description = "Parameters of Parameter Store with passwords of servers, for targets that cannot use IAM."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.password_parameter_arns : can(regex("^arn:[a-z-]+:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[\\w./-]+$", arn))])
    error_message = "password_parameter_arns are ARNs of parameters, without a wildcard."
  }
}

variable "secrets_kms_key_arns" {
  description = "The keys that these secrets and parameters are encrypted with, where they are keys of yours."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.secrets_kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[\\w-]+$", arn))])
    error_message = "secrets_kms_key_arns are ARNs of keys, as in arn:aws:kms:eu-west-1:123456789012:key/…; not of aliases."
  }
}

variable "environment" {
  description = "More variables of the environment, which are no options. Whoever may read the function's configuration reads them: they are no place for secrets."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.environment) : can(regex("^[A-Za-z][A-Za-z0-9_]+$", name)) && !startswith(name, "AWS_LAMBDA_")])
    error_message = "environment: a name has letters, digits and underscores, begins with a letter, and is not one of Lambda's own."
  }

  validation {
    condition     = alltrue([for name in keys(var.environment) : !can(regex("(?i)headers$|password|secret|token|passfile", name))])
    error_message = "environment: headers, passwords and tokens do not belong here in clear. Use otlp_headers_secret_arn and password_secret_arns."
  }

  validation {
    condition     = length(setintersection(keys(var.environment), keys(local.options))) == 0
    error_message = "environment: what is an option has a variable of its own."
  }
}

variable "resource_ids" {
  description = "The resource ids of the instances (db-…), clusters (cluster-…) and proxies (prx-…) that may be logged in to by IAM in this account. [\"*\"] is every one of the region, for the named database users only."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.resource_ids : can(regex("^(\\*|(db|cluster|prx)-[A-Za-z0-9]+)$", id))])
    error_message = "resource_ids: an id is called as in db-ABCDEFGHIJKLMNOP, cluster-… or prx-…, or is * alone. It is not the instance's name."
  }

  validation {
    condition     = length(var.resource_ids) + length(var.password_secret_arns) + length(var.password_parameter_arns) + length(local.role_arns) > 0
    error_message = "Nothing could be logged in to: say resource_ids, password_secret_arns, password_parameter_arns, aws_role of targets or role_arns of discovery."
  }
}

variable "database_users" {
  description = "The database users that may be logged in as by IAM."
  type        = list(string)
  default     = ["pgquerylens"]
  nullable    = false

  validation {
    condition     = length(var.database_users) > 0 && alltrue([for user in var.database_users : can(regex("^[A-Za-z_][A-Za-z0-9_]{0,62}$", user))])
    error_message = "database_users are names of database roles, without a wildcard."
  }
}

variable "allow_aws_logs" {
  description = "Whether servers may say in their tag pgquerylens:aws-logs that their log is read: the right that it takes is given to the functions that poll. It reads nothing by itself."
  type        = bool
  default     = false
  nullable    = false
}

variable "allow_aws_metrics" {
  description = "What servers may say in their tag pgquerylens:aws-metrics beside aws_metrics: the rights that it takes are given to the functions that poll. It asks for nothing by itself."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for source in var.allow_aws_metrics : contains(["cloudwatch", "enhanced-monitoring", "performance-insights"], source)])
    error_message = "allow_aws_metrics has cloudwatch, enhanced-monitoring and performance-insights."
  }
}

variable "permissions_boundary" {
  description = "The ARN of a policy that bounds the rights of every role."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null ? true : can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/[\\w+=,.@/-]+$", var.permissions_boundary))
    error_message = "permissions_boundary is the ARN of a policy, as in arn:aws:iam::123456789012:policy/boundary."
  }
}

variable "role_path" {
  description = "The path of the roles."
  type        = string
  default     = "/"

  validation {
    condition     = can(regex("^/([\\w+=,.@-]+/)*$", var.role_path))
    error_message = "role_path begins and ends with a slash."
  }
}

variable "code_signing_config_arn" {
  description = "The ARN of a code signing configuration that the package must satisfy."
  type        = string
  default     = null

  validation {
    condition     = var.code_signing_config_arn == null ? true : can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:code-signing-config:csc-[0-9a-z]+$", var.code_signing_config_arn))
    error_message = "code_signing_config_arn is called as in arn:aws:lambda:eu-west-1:123456789012:code-signing-config:csc-…"
  }
}

variable "subnet_ids" {
  description = "Subnets from which the servers are reached. Without them the functions are in no VPC."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.subnet_ids : can(regex("^subnet-[0-9a-f]+$", id))])
    error_message = "subnet_ids are called as in subnet-0123456789abcdef0."
  }
}

variable "security_group_ids" {
  description = "Security groups of the functions. Without them one is made, which lets out to the servers, to HTTPS and to the ports of the OTLP endpoints."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.security_group_ids : can(regex("^sg-[0-9a-f]+$", id))])
    error_message = "security_group_ids are called as in sg-0123456789abcdef0."
  }

  validation {
    condition     = length(var.security_group_ids) == 0 || length(var.subnet_ids) > 0
    error_message = "security_group_ids need subnet_ids."
  }
}

variable "database_cidr_blocks" {
  description = "Networks of the servers, for the security group that is made here."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for block in var.database_cidr_blocks : can(cidrnetmask(block))])
    error_message = "database_cidr_blocks are networks of IPv4, as in 10.0.0.0/16."
  }

  validation {
    condition     = length(var.subnet_ids) == 0 || length(var.security_group_ids) > 0 || length(var.database_cidr_blocks) + length(var.database_security_group_ids) > 0
    error_message = "The security group would let out to no server: say database_cidr_blocks, database_security_group_ids, or security_group_ids of your own."
  }
}

variable "database_security_group_ids" {
  description = "Security groups of the servers, for the security group that is made here. They are not changed: let the output security_group_id in there."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.database_security_group_ids : can(regex("^sg-[0-9a-f]+$", id))])
    error_message = "database_security_group_ids are called as in sg-0123456789abcdef0."
  }
}

variable "database_port" {
  description = "The port of the servers, for the security group that is made here."
  type        = number
  default     = 5432

  validation {
    condition     = var.database_port >= 1 && var.database_port <= 65535 && floor(var.database_port) == var.database_port
    error_message = "database_port is from 1 to 65535."
  }
}

variable "https_cidr_blocks" {
  description = "Networks that the security group that is made here lets out to on port 443, for AWS where no endpoint of the VPC stands for it, and on the ports of the OTLP endpoints. URLs of these must be known when Terraform plans then."
  type        = list(string)
  default     = ["0.0.0.0/0"]
  nullable    = false

  validation {
    condition     = alltrue([for block in var.https_cidr_blocks : can(cidrnetmask(block))])
    error_message = "https_cidr_blocks are networks of IPv4, as in 10.0.0.0/16."
  }
}

variable "vpc_endpoints" {
  description = "Whether endpoints of the VPC are made for what the functions use, for subnets without a way to the internet. A VPC has room for one of each with private DNS: say false where they are there. The ARNs of secrets must be known when Terraform plans then."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.vpc_endpoints || length(var.subnet_ids) > 0
    error_message = "vpc_endpoints need subnet_ids."
  }
}

variable "route_table_ids" {
  description = "The route tables of the subnets, for the endpoint of S3."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.route_table_ids : can(regex("^rtb-[0-9a-f]+$", id))])
    error_message = "route_table_ids are called as in rtb-0123456789abcdef0."
  }

  validation {
    condition     = !var.vpc_endpoints || length(var.route_table_ids) > 0
    error_message = "vpc_endpoints need route_table_ids: S3 is reached by a route."
  }
}

variable "log_retention_days" {
  description = "How many days logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653: CloudWatch knows no other."
  }
}

variable "alarms" {
  description = "Whether alarms are made: on invocations that fail, are refused or do not come, on servers that are not polled, accounts that are not searched and figures that are not delivered, on what was given up, and in the fleet shape on lag. Servers and accounts are told by lines of the log, in JSON and of the level warn: with log_format text there is no such alarm, and with a log_level above warn it never comes."
  type        = bool
  default     = true
  nullable    = false
}

variable "alarm_action_arns" {
  description = "Who is told of an alarm and of its end: topics of SNS, for example."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.alarm_action_arns : can(regex("^arn:[a-z-]+:[a-z0-9-]+:", arn))])
    error_message = "alarm_action_arns are ARNs."
  }
}

variable "alarm_lag_seconds" {
  description = "How old the oldest message of a server may be before there is an alarm, in the fleet shape."
  type        = number
  default     = 300

  validation {
    condition     = var.alarm_lag_seconds >= 1
    error_message = "alarm_lag_seconds is at least 1."
  }
}

variable "alarm_silence_minutes" {
  description = "For how many minutes there may be no invocation before there is an alarm. It is longer than the pause of the schedule. Alarms on failures look at three periods of half as long, five minutes at least, and want a failure in two of them."
  type        = number
  default     = 10

  validation {
    condition     = var.alarm_silence_minutes >= 1 && var.alarm_silence_minutes <= 1440 && floor(var.alarm_silence_minutes) == var.alarm_silence_minutes
    error_message = "alarm_silence_minutes is a whole number from 1 to 1440."
  }

  validation {
    condition     = !var.alarms || local.interval_minutes == null ? true : local.interval_minutes < var.alarm_silence_minutes
    error_message = "alarm_silence_minutes is more than the minutes between two invocations of schedule, else each pause is an alarm."
  }
}

variable "dashboard" {
  description = "Whether a dashboard of CloudWatch is made."
  type        = bool
  default     = true
  nullable    = false
}

variable "tags" {
  description = "Tags of everything that can have some."
  type        = map(string)
  default     = {}
  nullable    = false
}
