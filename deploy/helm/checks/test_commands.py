"""Commands that the docs must not have are noticed."""

import unittest

import commands
from render import Object


def deployment(name, role):
    template = {"metadata": {"labels": {"ombud/role": role}}}
    return Object({"kind": "Deployment", "metadata": {"name": name}, "spec": {"template": template}})


OBJECTS = {("Deployment", each.name): each for each in (deployment("ombud-operator", "operator"), deployment("ombud-join", "join"))}


class Commands(unittest.TestCase):
    def faults(self, text):
        return list(commands.faults(text, OBJECTS))

    def test_what_the_operator_may_is_right(self):
        for command in ("doctor", "tail complaints.routed", "redrive --since 2h", "strategy history", "models list", "report quality"):
            self.assertEqual([], self.faults(f"see `kubectl exec deploy/ombud-operator -- ombud {command}`"))

    def test_an_object_that_is_not_there_is_named(self):
        for name in ("deploy/ombud-operators", "deployment/ombud-infer", "job/ombud-set-up", "--from=cronjob/ombud-report"):
            (fault,) = self.faults(f"kubectl --namespace ombud create job now {name}")
            self.assertIn("does not render", fault)

    def test_a_command_that_the_pods_user_may_not_run_is_named(self):
        for place, command in (("join", "doctor"), ("join", "redrive"), ("operator", "setup")):
            (fault,) = self.faults(f"`kubectl exec deploy/ombud-{place} -- ombud {command}`")
            self.assertIn("may not", fault)

    def test_the_consoles_grants_are_among_the_operators(self):
        """Its pod runs `ombud console`."""
        self.assertTrue(commands.may("operator", "console"))
        self.assertFalse(commands.may("console", "doctor"))


if __name__ == "__main__":
    unittest.main()
