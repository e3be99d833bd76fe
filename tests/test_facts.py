"""Every number that can be recomputed is."""

from dataclasses import FrozenInstanceError

import pytest
import torch

from cnnlib import facts, models
from cnnlib.facts import Erratum, Fact
from cnnlib.summary import summarize


def every_fact():
    for name, value in vars(facts).items():
        values = value.values() if isinstance(value, dict) else [value]
        for one in values:
            one = one.fact if isinstance(one, Erratum) else one
            if isinstance(one, Fact):
                yield name, one


def test_each_fact_has_a_source_and_never_changes():
    found = list(every_fact())
    assert len(found) > 45
    for name, fact in found:
        assert fact.source, name
        assert isinstance(fact.value, int | float | tuple), name
    with pytest.raises(FrozenInstanceError):
        facts.HUMAN.value = 0


def network(name):
    with torch.device("meta"):
        if name.startswith("lenet"):
            return models.build(name, 10, 1, 28)
        return models.build(name, 1000, 3, 224)


def parameters(model):
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("name", facts.PARAMETERS)
def test_parameters(name):
    assert parameters(network(name)) == facts.PARAMETERS[name].value


def test_layers_of_lenet_1998_sum_up():
    each = [fact.value for fact in facts.LENET5_1998_LAYERS.values()]
    trainable, connections = map(sum, zip(*each, strict=True))
    assert trainable == facts.PARAMETERS["lenet5_1998"].value
    assert connections == facts.LENET5_1998_CONNECTIONS.value


def costs(name, shape):
    """(weights without biases, MACs) of each layer that has weights."""
    model = network(name)
    table = summarize(model, shape)
    biases = {n: m.bias.numel() for n, m in model.named_modules() if hasattr(m, "bias")}
    return [(r.params - biases[r.name], r.macs) for r in table.rows if r.params]


def test_the_complexity_slide():
    first, second, *middle, dense1, dense2, _ = costs("alexnet", (3, 224, 224))
    rows = [first, second, tuple(map(sum, zip(*middle, strict=True))), dense1, dense2]
    alexnet = [fact.value for fact in facts.ALEXNET_COMPLEXITY.values()]
    assert rows == alexnet
    lenet = [fact.value for fact in facts.LENET_COMPLEXITY.values()]
    assert costs("lenet5", (1, 28, 28))[:-1] == lenet
    large = tuple(map(sum, zip(*alexnet, strict=True)))
    small = tuple(map(sum, zip(*lenet, strict=True)))
    assert round(large[0] / small[0]) == facts.PARAMETERS_RATIO.value == 771
    assert round(large[1] / small[1]) == 2420
    assert facts.ERRATA["complexity"].fact is facts.PARAMETERS_RATIO


def test_imagenet_by_year():
    errors = [fact.value for fact in facts.IMAGENET_TOP5.values()]
    assert list(facts.IMAGENET_TOP5) == list(facts.IMAGENET_WINNERS)
    assert list(facts.IMAGENET_TOP5) == list(range(2010, 2018))
    assert errors == [28.2, 25.8, 16.4, 11.7, 6.7, 3.57, 2.99, 2.25]
    for fact in facts.IMAGENET_TOP5.values():
        primary = "abstract" in fact.source or "table" in fact.source
        assert primary or "secondary" in fact.note
    # "A relative improvement of about 25 % over 2016", says the abstract of 2017.
    assert round(1 - 2.25 / 2.99, 2) == 0.25


def test_what_only_the_sources_know_stays_as_they_say():
    assert facts.LENET5_1998_ERROR.value == 0.95
    assert facts.LENET5_1998_ERROR_DISTORTED.value == 0.8
    assert facts.HUMAN.value == 5.1
    years = {name: fact.value for name, fact in facts.YEARS.items()}
    assert years["Neocognitron"] == 1980
    assert years["convolutional networks by backpropagation"] == 1989
    for name, year in years.items():
        cited = facts.YEARS[name].source.split("(")[1][:4]
        assert cited == str(year), name
