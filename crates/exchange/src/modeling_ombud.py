"""An encoder of Ombud for one task: a body that transformers knows, whose tokens are pooled by a learned query.

    AutoModelForSequenceClassification.from_pretrained(FOLDER, trust_remote_code=True)

Logits are Ombud's own. Its confidences are softmax(logits / config.ombud_temperature).
"""

import math

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput


class OmbudConfig(PretrainedConfig):
    model_type = "ombud"

    def __init__(self, body=None, **kwargs):
        super().__init__(**kwargs)
        # The fields of the body's own config.json.
        self.body = body or {"model_type": "bert"}


class OmbudForSequenceClassification(PreTrainedModel):
    config_class = OmbudConfig
    base_model_prefix = "body"
    _supports_sdpa = True

    def __init__(self, config):
        super().__init__(config)
        fields = dict(config.body)
        model_type = fields.pop("model_type")
        body = AutoConfig.for_model(model_type, **fields)
        options = {} if model_type == "distilbert" else {"add_pooling_layer": False}
        self.body = AutoModel.from_config(body, **options)
        self.query = nn.Parameter(torch.zeros(body.hidden_size))
        self.classifier = nn.Linear(body.hidden_size, config.num_labels)
        self.post_init()

    def forward(self, input_ids=None, attention_mask=None, labels=None, **kwargs):
        tokens = self.body(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        scores = tokens @ self.query / math.sqrt(tokens.shape[-1])
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, float("-inf"))
        pooled = (scores.softmax(-1).unsqueeze(-1) * tokens).sum(1)
        logits = self.classifier(pooled)
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)
