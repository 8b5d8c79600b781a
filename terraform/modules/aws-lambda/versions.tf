# What the module needs: validation that looks at other variables (Terraform 1.9), and the provider's sixth major, in which
# a region is an attribute of data.aws_region.

terraform {
  required_version = ">= 1.9.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0.0, < 7.0.0"
    }
  }
}
