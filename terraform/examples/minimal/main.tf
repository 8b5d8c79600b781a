# One server, polled every minute. See README.md.

provider "aws" {
  region = "eu-west-1"
}

module "pgquerylens" {
  source = "../../modules/aws-lambda"

  package       = { path = "pgquerylens-lambda.zip" }
  otlp_endpoint = "https://otlp.example.com:4318"
  targets       = [{ connection = "postgresql://pgquerylens@db1.abc123.eu-west-1.rds.amazonaws.com/shop" }]
  resource_ids  = ["db-ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
}
