# What the module makes of an export; no server is asked. scripts/terraform runs it.

mock_provider "kafka" {}
mock_provider "helm" {}

variables {
  access = {
    topics = [
      { name = "complaints.raw", partitions = 48, replicas = 3, config = { "retention.ms" = 1209600000 } },
      { name = "complaints.routed", partitions = 48, replicas = 3, config = { "cleanup.policy" = "compact,delete" } },
    ]
    users = [
      {
        role = "infer"
        acls = [
          { resource = "topic", name = "complaints.raw", pattern = "literal", operations = ["Read", "Describe"] },
          { resource = "group", name = "ombud.infer.", pattern = "prefix", operations = ["Read"] },
        ]
      },
      {
        role = "join"
        acls = [
          { resource = "topic", name = "complaints.raw", pattern = "literal", operations = ["Read", "Describe"] },
          { resource = "topic", name = "complaints.routed", pattern = "literal", operations = ["Read", "Write"] },
        ]
      },
    ]
  }
}

run "topics_are_as_the_export_says" {
  command = plan

  assert {
    condition     = toset(keys(kafka_topic.this)) == toset(["complaints.raw", "complaints.routed"])
    error_message = "One topic for each of the export, under its own name."
  }
  assert {
    condition     = alltrue([for topic in kafka_topic.this : topic.partitions == 48 && topic.replication_factor == 3])
    error_message = "Partitions and copies are the export's."
  }
  assert {
    condition     = kafka_topic.this["complaints.raw"].config == tomap({ "retention.ms" = "1209600000" })
    error_message = "Settings are the export's, and no others."
  }
}

run "nobody_gets_a_grant_who_is_not_named" {
  command = plan

  assert {
    condition     = length(kafka_acl.this) == 0
    error_message = "Without principals there are no grants."
  }
}

run "a_role_that_is_named_gets_its_grants_and_no_others" {
  command = plan

  variables {
    principals = { infer = "User:CN=infer" }
  }

  assert {
    condition = toset([for acl in kafka_acl.this :
      "${acl.acl_principal} ${acl.acl_permission_type} ${acl.acl_operation} ${acl.resource_type} ${acl.resource_pattern_type_filter} ${acl.resource_name}"
      ]) == toset([
      "User:CN=infer Allow Read Topic Literal complaints.raw",
      "User:CN=infer Allow Describe Topic Literal complaints.raw",
      "User:CN=infer Allow Read Group Prefixed ombud.infer.",
    ])
    error_message = "The grants of infer, in the provider's words."
  }
}

run "two_roles_may_share_a_principal" {
  command = plan

  variables {
    principals = { infer = "User:ombud", join = "User:ombud" }
  }

  assert {
    condition     = length(kafka_acl.this) == 5
    error_message = "What both need is granted once."
  }
}

run "a_role_that_the_export_does_not_have_is_refused" {
  command = plan

  variables {
    principals = { inference = "User:ombud-infer" }
  }

  expect_failures = [var.principals]
}

run "a_principal_without_its_type_is_refused" {
  command = plan

  variables {
    principals = { infer = "ombud-infer" }
  }

  expect_failures = [var.principals]
}

run "an_export_without_topics_is_refused" {
  command = plan

  variables {
    access = { topics = [], users = [] }
  }

  expect_failures = [var.access]
}

run "without_a_release_nothing_is_installed" {
  command = plan

  assert {
    condition     = length(helm_release.this) == 0
    error_message = "No release was asked for."
  }
}

run "a_release_gets_its_values_as_they_are" {
  command = plan

  variables {
    release = { chart = "../helm/ombud", values = ["join: {replicas: 2}"] }
  }

  assert {
    condition     = one(helm_release.this[*].values) == tolist(["join: {replicas: 2}"])
    error_message = "Values go to the chart as they are."
  }
  assert {
    condition     = one(helm_release.this[*].name) == "ombud" && one(helm_release.this[*].namespace) == "ombud"
    error_message = "Release and namespace are ombud unless they are named."
  }
  assert {
    condition     = !one(helm_release.this[*].create_namespace)
    error_message = "The namespace is there first, with its labels and secrets."
  }
}
