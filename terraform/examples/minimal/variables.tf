# What has to be said. terraform.tfvars is a good place.

variable "package" {
  description = "The zip with the program, as make package writes it or a release has it."
  type        = string
}

variable "otlp_endpoint" {
  description = "Where figures are sent, such as https://otlp.example.com:4318."
  type        = string
}

variable "connection" {
  description = "The server, such as postgresql://pgquerylens@db1.abc123.eu-west-1.rds.amazonaws.com/shop."
  type        = string
}

variable "resource_id" {
  description = "The server's resource id: db-… of an instance, cluster-… of a cluster of Aurora."
  type        = string
}

variable "state_force_destroy" {
  description = "Whether the bucket may be destroyed with the state in it."
  type        = bool
  default     = false
}
