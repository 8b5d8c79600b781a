# One server, polled every minute, in the region that AWS_REGION or the profile says. See README.md.

provider "aws" {}

module "pgquerylens" {
  source = "../../modules/aws-lambda"

  package             = { path = var.package }
  otlp_endpoint       = var.otlp_endpoint
  targets             = [{ connection = var.connection }]
  resource_ids        = [var.resource_id]
  state_force_destroy = var.state_force_destroy
}
