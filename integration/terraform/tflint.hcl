# All of tflint's own rules on Terraform, but for the one that wants every variable in variables.tf and a file main.tf: ours
# are split by noun. It has no rules of a provider here, since those would be downloaded.

plugin "terraform" {
  enabled = true
  preset  = "all"
}

rule "terraform_standard_module_structure" {
  enabled = false
}
