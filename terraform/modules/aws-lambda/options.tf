# The options of pgquerylens as variables, and what they are called in the environment. An option that is null is not said,
# and the program's own default holds.

variable "auth" {
  description = "How we log in: by a password, or by a token of AWS IAM (rds-iam) that is signed for each connection."
  type        = string
  default     = "rds-iam"

  validation {
    condition     = var.auth == null ? true : contains(["password", "rds-iam"], var.auth)
    error_message = "auth is one of password, rds-iam."
  }
}

variable "databases" {
  description = "Also read tables, indexes and functions of these databases. Server-wide figures and statements cover every database anyway."
  type        = list(string)
  default     = null
}

variable "deadline" {
  description = "The whole poll; what was read by then is reported, what runs is cancelled. For example 20s."
  type        = string
  default     = null

  validation {
    condition     = var.deadline == null ? true : can(regex("^[0-9]+(ms|s|m|h|d)$", var.deadline))
    error_message = "deadline is a time with its unit, such as 30s."
  }
}

variable "every" {
  description = "The interval between polls of a server, as the figures are labelled with. For example 60s."
  type        = string
  default     = null

  validation {
    condition     = var.every == null ? true : can(regex("^[0-9]+(ms|s|m|h|d)$", var.every))
    error_message = "every is a time with its unit, such as 30s."
  }
}

variable "log_format" {
  description = "Log lines for people, or JSON for programs."
  type        = string
  default     = null

  validation {
    condition     = var.log_format == null ? true : contains(["text", "json"], var.log_format)
    error_message = "log_format is one of text, json."
  }
}

variable "otlp_endpoint" {
  description = "Where to send: a URL, to which /v1/metrics and /v1/logs are added over HTTP."
  type        = string
  default     = null
}

variable "statement_timeout" {
  description = "statement_timeout of our session. One view that takes longer is left out and named; the others are read. For example 5s."
  type        = string
  default     = null

  validation {
    condition     = var.statement_timeout == null ? true : can(regex("^[0-9]+(ms|s|m|h|d)$", var.statement_timeout))
    error_message = "statement_timeout is a time with its unit, such as 30s."
  }
}

variable "top" {
  description = "How many statements a poll names in each order; the others are summed up."
  type        = number
  default     = null
}

locals {
  # A variable's value as the environment says it: a list is separated by commas.
  options = {
    PGQUERYLENS_AUTH              = var.auth
    PGQUERYLENS_DATABASE          = var.databases == null ? null : join(",", var.databases)
    PGQUERYLENS_DEADLINE          = var.deadline
    PGQUERYLENS_ENDPOINT          = var.otlp_endpoint
    PGQUERYLENS_EVERY             = var.every
    PGQUERYLENS_LOG_FORMAT        = var.log_format
    PGQUERYLENS_STATEMENT_TIMEOUT = var.statement_timeout
    PGQUERYLENS_TOP               = var.top == null ? null : tostring(var.top)
  }

  # The keys of a server in the configuration file, as a target says them.
  target_keys = [
    "all_databases", "auth", "aws_region", "cluster", "connect_timeout", "connection", "databases", "deadline", "every",
    "exporters", "hours_pause", "idle_in_transaction_timeout", "labels", "lock_timeout", "minutes_pause", "name",
    "password", "statement_timeout", "text_budget", "text_pause", "top", "work_mem",
  ]
}
