"""What would training on ImageNet cost? docs/imagenet_cost.md, computed.

    python -m benchmarks.imagenet             # write the page's tables again
    python -m benchmarks.imagenet --measure   # images a second of this machine's GPU

Every number is a published one with its source, a count made by ``cnnlib.summary``, or
computed from those here. Without ``--measure`` nothing is timed.
"""

import argparse
import re
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch

from cnnlib import facts, models, runtime
from cnnlib.facts import Fact
from cnnlib.summary import summarize

PAGE = Path(__file__).parent.parent / "docs" / "imagenet_cost.md"

GOYAL_2017 = (
    "Goyal et al. (2017), Accurate, large minibatch SGD: training ImageNet in 1 hour, "
    "arXiv:1706.02677"
)
TENSORFLOW_2017 = (
    "TensorFlow (2017), Benchmarks, details for NVIDIA DGX-1, synthetic data, "
    "tensorflow.org/performance/benchmarks"
)
NVIDIA = "NVIDIA's specifications: cores x 2 x clock"

IMAGES = Fact(1_281_167, "images", facts.RUSSAKOVSKY_2015, "training set of 2012")
TAR = Fact(147_897_477_120, "bytes", "ILSVRC2012_img_train.tar, image-net.org")
DECODED = 3 * 224 * 224  # bytes of a picture as uint8

GTX_580 = Fact(1.581e12, "FLOP/s", NVIDIA, "512 x 2 x 1.544 GHz")
TITAN_BLACK = Fact(5.121e12, "FLOP/s", NVIDIA, "2880 x 2 x 0.889 GHz")
SHARE = 0.3  # of a GPU's peak that is reached: our one assumption, for both networks

# (days from, to) as published.
ALEXNET_DAYS = Fact((5, 6), "days", f"{facts.KRIZHEVSKY_2012}, section 1", "2 GTX 580")
ALEXNET_EPOCHS = Fact(90, "epochs", f"{facts.KRIZHEVSKY_2012}, section 5", "roughly")
ALEXNET_IMAGES = Fact(1_200_000, "images", f"{facts.KRIZHEVSKY_2012}, section 5")
VGG_DAYS = Fact((14, 21), "days", f"{facts.SIMONYAN_2014}, section 3.3", "2-3 weeks")
VGG_EPOCHS = Fact(74, "epochs", f"{facts.SIMONYAN_2014}, section 3.1")
VGG_IMAGES = Fact(1_300_000, "images", f"{facts.SIMONYAN_2014}, section 4")
VGG_SPEEDUP = Fact(
    3.75, "times", f"{facts.SIMONYAN_2014}, section 3.3", "4 GPUs over 1"
)

# Images a second of one and of eight P100, and the batch of each GPU.
P100 = {
    "AlexNet": Fact((2987, 17822, 512), "images/s, images/s, images", TENSORFLOW_2017),
    "VGG-16": Fact((154, 1081, 64), "images/s, images/s, images", TENSORFLOW_2017),
}
RESNET_HOURS = Fact((29, 1), "hours", GOYAL_2017, "90 epochs on 8 and on 256 P100")
RESNET_PARAMETERS = Fact(25_600_000, "parameters", facts.HE_2015, "ResNet-50")
RESNET_BATCH = Fact(32, "images", GOYAL_2017, "for each GPU")
RESNET_EFFICIENCY = Fact(0.9, "", f"{GOYAL_2017}, abstract", "8 to 256 GPUs, about")

INSIDE = 10e9  # bytes/s each way between the GPUs of a machine: assumed
ETHERNET = Fact(6.25e9, "bytes/s", f"{GOYAL_2017}, section 4", "50 Gbit/s a machine")
GPUS_IN_A_MACHINE = 8


@dataclass(frozen=True)
class Network:
    """What training a network asks for; MACs are those of one image, forward."""

    name: str
    parameters: int
    macs: int
    epochs: int

    @property
    def flops(self) -> int:
        """Of one image in training.

        A MAC is two operations; backward, each layer computes as much again for the
        gradient of its weights and as much again for that of its input.
        """
        return 2 * 3 * self.macs

    @property
    def gradient(self) -> int:
        """Bytes of one gradient in float32."""
        return 4 * self.parameters


@cache
def network(name: str) -> Network:
    """ "AlexNet" as published in 2012, or "VGG-16"."""
    build, epochs = {
        "AlexNet": (models.AlexNet_2012, ALEXNET_EPOCHS),
        "VGG-16": (lambda: models.VGG(16), VGG_EPOCHS),
    }[name]
    with torch.device("meta"):  # counted, not computed
        counted = summarize(build(), (3, 224, 224))
    return Network(name, counted.params, counted.macs, epochs.value)


def days_by_peak(flops: float, images: float, peak: float, gpus: float) -> float:
    """Days of ``images`` images of ``flops`` each at ``SHARE`` of the GPUs' peak."""
    return flops * images / (SHARE * peak * gpus) / 86_400


def ring(gradient: float, members: int, bandwidth: float) -> float:
    """Seconds of a ring all-reduce: each sends its part of all sums, then the sums.

    Source: Patarasuk and Yuan (2009), doi:10.1016/j.jpdc.2008.09.002.
    """
    return traffic(gradient, members) / bandwidth


def traffic(gradient: float, members: int) -> float:
    """Bytes that each member of a ring sends for one step."""
    return 2 * (members - 1) / members * gradient


def all_reduce(gradient: float, gpus: int) -> float:
    """Seconds: a ring inside each machine, then one over the machines."""
    inside = min(gpus, GPUS_IN_A_MACHINE)
    machines = gpus // inside
    return ring(gradient, inside, INSIDE) + ring(gradient, machines, ETHERNET.value)


@dataclass(frozen=True)
class Estimate:
    """A training on ``gpus`` GPUs; nothing of the all-reduce is hidden by computing."""

    network: Network
    gpus: int
    images_per_second: float  # of one GPU alone
    batch: int  # of each GPU

    @property
    def communication(self) -> float:
        """Seconds of a step for the gradients."""
        return all_reduce(self.network.gradient, self.gpus)

    @property
    def step(self) -> float:
        return self.batch / self.images_per_second + self.communication

    @property
    def throughput(self) -> float:
        """Images a second of all GPUs together."""
        return self.gpus * self.batch / self.step

    @property
    def hours(self) -> float:
        return self.network.epochs * IMAGES.value / self.throughput / 3600

    @property
    def reading(self) -> float:
        """Bytes a second of JPEG files that have to arrive."""
        return self.throughput * TAR.value / IMAGES.value


def needs() -> str:
    """Table: what the two networks ask for."""
    rows = []
    for name in ("AlexNet", "VGG-16"):
        one = network(name)
        total = one.flops * IMAGES.value * one.epochs
        rows.append(
            [
                name,
                f"{one.parameters:,}",
                f"{one.macs / 1e9:.2f} G",
                f"{one.flops / 1e9:.1f} G",
                one.epochs,
                f"{total:.1e}".replace("e+", " x 10^"),
                f"{one.gradient / 1e6:.0f} MB",
            ]
        )
    columns = ["network", "parameters", "MACs an image", "FLOPs an image, training"]
    return table([*columns, "epochs", "FLOPs in all", "a gradient"], rows)


def published_times() -> str:
    """Table: two published training times and what the count gives for them."""
    cases = (
        ("AlexNet", "2 GTX 580", GTX_580, 2, ALEXNET_IMAGES, ALEXNET_DAYS),
        ("VGG-16", "4 Titan Black", TITAN_BLACK, None, VGG_IMAGES, VGG_DAYS),
    )
    rows = []
    for name, hardware, peak, gpus, images, days in cases:
        one = network(name)
        estimate = days_by_peak(
            one.flops,
            images.value * one.epochs,
            peak.value,
            gpus or VGG_SPEEDUP.value,
        )
        low, high = days.value
        implied = [SHARE * estimate / end for end in (high, low)]
        rows.append(
            [
                f"{name}, {hardware}",
                f"{peak.value / 1e12:.2f} T",
                f"{estimate:.1f}",
                f"{low} to {high}",
                f"{100 * implied[0]:.0f} to {100 * implied[1]:.0f} %",
            ]
        )
    columns = ["training", "peak FLOP/s a GPU", f"days at {100 * SHARE:.0f} % of peak"]
    return table([*columns, "days as published", "share of peak that those mean"], rows)


def published_scaling() -> str:
    """Table: three published speed-ups and what the all-reduce gives for them."""
    rows = []
    for name, fact in P100.items():
        alone, eight, batch = fact.value
        estimate = Estimate(network(name), 8, alone, batch).throughput
        off = f"{100 * (estimate / eight - 1):+.0f} %"
        what = f"{name}, 8 P100, images/s"
        rows.append([what, f"{estimate:,.0f}", f"{eight:,}", off])
    hours, (before, after) = resnet_hours(), RESNET_HOURS.value
    off = f"{100 * (hours / after - 1):+.0f} %"
    rows.append(["ResNet-50, 256 P100, hours", f"{hours:.2f}", after, off])
    efficiency = f"{100 * before / 32 / hours:.0f} %"  # 32 times the GPUs
    published = f"about {100 * RESNET_EFFICIENCY.value:.0f} %"
    rows.append(["ResNet-50, 8 to 256 P100, efficiency", efficiency, published, ""])
    return table(["training", "computed", "published", "difference"], rows)


def resnet_hours() -> float:
    """Hours on 256 GPUs, from the published ones on 8 and the gradients' way."""
    eight, many = 8, 256
    batch = RESNET_BATCH.value
    steps = 90 * IMAGES.value / (eight * batch)
    step = RESNET_HOURS.value[0] * 3600 / steps
    step += ring(4 * RESNET_PARAMETERS.value, many // eight, ETHERNET.value)
    return 90 * IMAGES.value / (many * batch) * step / 3600


def estimates(measured: dict[str, tuple[float, int]] | None = None) -> str:
    """Table: AlexNet and VGG-16 on 1, 8 and 64 GPUs.

    ``measured[name]`` is (images a second of one GPU, batch); the P100's unless given.
    """
    measured = measured or {n: (f.value[0], f.value[2]) for n, f in P100.items()}
    rows = []
    for name, (speed, batch) in measured.items():
        for gpus in (1, 8, 64):
            one = Estimate(network(name), gpus, speed, batch)
            share = one.communication / one.step
            sent = traffic(one.network.gradient, min(gpus, GPUS_IN_A_MACHINE))
            rows.append(
                [
                    name,
                    gpus,
                    f"{gpus * batch:,}",
                    f"{one.throughput:,.0f}",
                    f"{one.hours:,.1f} h",
                    f"{one.reading / 1e6:,.0f} MB/s",
                    f"{one.throughput * DECODED / 1e6:,.0f} MB/s",
                    f"{sent / 1e6:,.0f} MB",
                    f"{1000 * one.communication:.0f} of {1000 * one.step:.0f} ms",
                    f"{100 * share:.0f} %",
                ]
            )
    columns = ["network", "GPUs", "batch", "images/s", "training", "JPEG to read"]
    columns += ["pixels to deliver", "a GPU sends each step", "all-reduce", "share"]
    return table(columns, rows)


def table(columns: list, rows: list[list]) -> str:
    lines = [columns, ["---"] + ["--:"] * (len(columns) - 1), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


TABLES = {
    "needs": needs,
    "published times": published_times,
    "published scaling": published_scaling,
    "estimates": estimates,
}


def filled(page: str) -> str:
    """The page with each table between its two marks computed anew."""
    for name, make in TABLES.items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        pattern = re.compile(f"{begin}.*?{end}", re.DOTALL)
        if not pattern.search(page):
            raise ValueError(f"the page has no place for the table {name!r}: {begin}")
        page = pattern.sub(f"{begin}\n{make()}\n{end}", page)
    return page


def measure(name: str, batch: int, steps: int = 20) -> float:
    """Images a second that this machine's device trains on."""
    device = runtime.device()
    build = {"AlexNet": models.AlexNet_2012, "VGG-16": lambda: models.VGG(16)}[name]
    model = build().to(device, memory_format=torch.channels_last)
    images = torch.randn(batch, 3, 224, 224, device=device)
    images = images.contiguous(memory_format=torch.channels_last)
    labels = torch.zeros(batch, dtype=torch.int64, device=device)
    optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)
    for step in range(steps + 3):
        if step == 3:  # the first steps choose algorithms
            _finish(device)
            start = time.perf_counter()
        with torch.autocast(device.type, torch.bfloat16):
            loss = torch.nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    _finish(device)
    return steps * batch / (time.perf_counter() - start)


def _finish(device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main(arguments=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measure", action="store_true", help="time this device")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--batch", type=int, help="images a step, if not the P100's")
    options = parser.parse_args(arguments)
    if not options.measure:
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
        print(PAGE)
        return
    measured = {}
    for name, fact in P100.items():
        batch = options.batch or fact.value[2]
        measured[name] = (measure(name, batch, options.steps), batch)
    print(f"On {runtime.device()}, in bfloat16, and so on 1, 8 and 64 such devices:\n")
    print(estimates(measured))


if __name__ == "__main__":
    main()
