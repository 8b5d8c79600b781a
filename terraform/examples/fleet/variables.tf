# What differs between those who take this example as their beginning.

variable "artefact_bucket" {
  description = "A bucket of the region with the package."
  type        = string
}

variable "package_version" {
  description = "The version of pgquerylens, as it stands in the package's key."
  type        = string
}

variable "package_sha256" {
  description = "The sha256 of the package, as the release says it."
  type        = string
}

variable "other_account_role_arn" {
  description = "The role of the second account that lets the functions look and log in there."
  type        = string
}

variable "otlp_headers_secret_arn" {
  description = "The secret with the headers of the receiver, such as api-key=…"
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets from which the servers are reached."
  type        = list(string)
}

variable "route_table_ids" {
  description = "The route tables of these subnets."
  type        = list(string)
}

variable "database_cidr_blocks" {
  description = "The networks of the servers."
  type        = list(string)
}

variable "kms_key_arn" {
  description = "The key for states, queues, logs and environment."
  type        = string
}

variable "alarm_topic_arn" {
  description = "The topic that is told of alarms."
  type        = string
}
