# The module beside what it is handed: instances, keys, secrets and subnets that are made in the same run, of which nothing
# is known when Terraform plans.

terraform {
  required_version = ">= 1.9.0"

  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

resource "terraform_data" "made" {
  input = timestamp()
}

module "pgquerylens" {
  source = "../.."

  package                     = { path = "${path.module}/main.tf" }
  targets                     = [{ connection = "postgresql://pgquerylens@${terraform_data.made.output}/shop" }]
  resource_ids                = [terraform_data.made.output]
  otlp_headers_secret_arn     = terraform_data.made.output
  password_secret_arns        = [terraform_data.made.output]
  kms_key_arn                 = terraform_data.made.output
  subnet_ids                  = [terraform_data.made.output]
  database_security_group_ids = [terraform_data.made.output]
  alarm_action_arns           = [terraform_data.made.output]
  permissions_boundary        = terraform_data.made.output
}
