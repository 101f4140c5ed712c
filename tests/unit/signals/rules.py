"""The settings of the installation, for tests of what goes by them."""

from __future__ import annotations

import yaml

from commonweal.core.signals.batches import PlaceBatches
from commonweal.core.signals.budget import Budget
from commonweal.core.signals.in_series import Rules
from commonweal.core.signals.own_past import PastRule
from commonweal.core.signals.setting import Setting
from commonweal.server import parameters


def past_rule() -> PastRule:
    return PastRule.from_document(yaml.safe_load(parameters.text("signals/sweep.yaml")))


def rules() -> Rules:
    document = yaml.safe_load(parameters.text("signals/sweep.yaml"))
    setting = Setting.from_document(yaml.safe_load(parameters.text("signals/rule.yaml")))
    batches = PlaceBatches.from_document(document)
    return Rules(setting, past_rule(), Budget.from_document(document["budget"]), batches=batches)
