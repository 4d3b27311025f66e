module ombud/terraform-provider-helm

go 1.25

require github.com/hashicorp/terraform-provider-helm v1.3.2

replace vbom.ml/util => github.com/fvbommel/util v0.0.2

replace github.com/Azure/go-autorest => github.com/Azure/go-autorest v13.3.3+incompatible
