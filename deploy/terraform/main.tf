# Topics and grants as Ombud's catalogue has them, and one release of the chart.
#
# Topics and grants are said once, in schemas/, and come by `ombud setup --export json`. The chart's own setup finds the topics
# as they should be, and makes schemas, tables and the first strategy.

locals {
  topics = { for topic in var.access.topics : topic.name => topic }

  # The provider's words for those of the export.
  resources = { topic = "Topic", group = "Group", cluster = "Cluster" }
  patterns  = { literal = "Literal", prefix = "Prefixed" }

  # One grant an operation, as the provider has them; what roles of one principal share is granted once.
  grants = merge([
    for user in var.access.users : {
      for grant in flatten([
        for acl in user.acls : [
          for operation in acl.operations : {
            principal = var.principals[user.role]
            operation = operation
            resource  = local.resources[acl.resource]
            pattern   = local.patterns[acl.pattern]
            name      = acl.name
          }
        ]
      ]) : join(" ", [grant.principal, grant.operation, grant.resource, grant.pattern, grant.name]) => grant
    } if contains(keys(var.principals), user.role)
  ]...)
}

resource "kafka_topic" "this" {
  for_each = local.topics

  name               = each.key
  partitions         = each.value.partitions
  replication_factor = each.value.replicas
  config             = each.value.config

  lifecycle {
    # A topic that is destroyed takes complaints with it.
    prevent_destroy = true
    # More come by `ombud setup --widen`, which knows in which order; fewer would destroy the topic.
    ignore_changes = [partitions]
  }
}

resource "kafka_acl" "this" {
  for_each = local.grants

  acl_principal                = each.value.principal
  acl_host                     = "*"
  acl_permission_type          = "Allow"
  acl_operation                = each.value.operation
  resource_type                = each.value.resource
  resource_name                = each.value.name
  resource_pattern_type_filter = each.value.pattern

  # The provider waits 2 s for a grant to be seen, which brokers that make hundreds of partitions may take longer for.
  depends_on = [kafka_topic.this]
}

resource "helm_release" "this" {
  count = var.release == null ? 0 : 1

  name             = var.release.name
  namespace        = var.release.namespace
  create_namespace = false # so that the namespace has its pod security labels and the secrets first
  repository       = var.release.repository
  chart            = var.release.chart
  version          = var.release.version
  values           = var.release.values
  timeout          = var.release.timeout
  wait             = true
  max_history      = 10

  depends_on = [kafka_acl.this]
}
