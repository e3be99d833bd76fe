"""Published numbers, each once, with its source; what can be recomputed is, in a test.

MACs are multiply-accumulates; FLOPs are about twice as many. "Secondary" in a note
says that the figure is quoted from a report about the result, not from its author.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """A value, its unit, where it was published, and what else one should know."""

    value: float | tuple
    unit: str
    source: str
    note: str = ""


@dataclass(frozen=True)
class Erratum:
    """What a slide says, and the fact beside it."""

    slide: str
    claim: str
    fact: Fact


# Sources ----------------------------------------------------------------------------

FUKUSHIMA_1980 = (
    "Fukushima (1980), Neocognitron, Biological Cybernetics 36, 193-202, "
    "doi:10.1007/BF00344251"
)
LECUN_1989 = (
    "LeCun, Boser, Denker, Henderson, Howard, Hubbard and Jackel (1989), "
    "Backpropagation applied to handwritten zip code recognition, Neural Computation "
    "1(4), 541-551, doi:10.1162/neco.1989.1.4.541"
)
LECUN_1998 = (
    "LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied to "
    "document recognition, Proceedings of the IEEE 86(11), 2278-2324, "
    "doi:10.1109/5.726791"
)
KRIZHEVSKY_2012 = (
    "Krizhevsky, Sutskever and Hinton (2012), ImageNet classification with deep "
    "convolutional neural networks, NIPS 25"
)
SIMONYAN_2014 = (
    "Simonyan and Zisserman (2014), Very deep convolutional networks for large-scale "
    "image recognition, arXiv:1409.1556"
)
SZEGEDY_2014 = "Szegedy et al. (2014), Going deeper with convolutions, arXiv:1409.4842"
RUSSAKOVSKY_2015 = (
    "Russakovsky et al. (2015), ImageNet large scale visual recognition challenge, "
    "International Journal of Computer Vision 115(3), 211-252, "
    "doi:10.1007/s11263-015-0816-y"
)
HE_2015 = (
    "He, Zhang, Ren and Sun (2015), Deep residual learning for image recognition, "
    "arXiv:1512.03385"
)
HU_2017 = (
    "Hu, Shen, Albanie, Sun and Wu (2017), Squeeze-and-excitation networks, "
    "arXiv:1709.01507"
)
ILSVRC_2016 = "ILSVRC 2016 results, image-net.org/challenges/LSVRC/2016/results"
D2L = "Zhang, Lipton, Li and Smola, Dive into Deep Learning, section 8.1, d2l.ai"
SLIDES = "the lecture's slides"

# MNIST -------------------------------------------------------------------------------

MNIST_TRAIN = Fact(
    60_000,
    "images",
    f"{LECUN_1998}, section III.A",
    "50,000 are left if 10,000 are held out for validation",
)
LENET5_1998_ERROR = Fact(
    0.95, "% of the test set", f"{LECUN_1998}, section III.B", "plain training set"
)
LENET5_1998_ERROR_DISTORTED = Fact(
    0.8, "% of the test set", f"{LECUN_1998}, section III.B", "distortions added"
)

# Parameters --------------------------------------------------------------------------

# By the name under which cnnlib.models builds the network, for 1000 classes at 224x224
# and for 10 classes at 28x28.
PARAMETERS = {
    "lenet5": Fact(61_706, "parameters", f"{SLIDES}, LeNet in PyTorch", "recomputed"),
    "lenet5_1998": Fact(60_000, "parameters", f"{LECUN_1998}, section II.B"),
    "alexnet": Fact(50_844_008, "parameters", D2L, "recomputed"),
    "alexnet_2012": Fact(
        60_965_224,
        "parameters",
        f"{KRIZHEVSKY_2012}, section 3.5",
        "recomputed; the abstract says 60 million",
    ),
    "vgg11": Fact(132_863_336, "parameters", f"{SIMONYAN_2014}, table 1", "column A"),
    "vgg13": Fact(133_047_848, "parameters", f"{SIMONYAN_2014}, table 1", "column B"),
    "vgg16": Fact(138_357_544, "parameters", f"{SIMONYAN_2014}, table 1", "column D"),
    "vgg19": Fact(143_667_240, "parameters", f"{SIMONYAN_2014}, table 1", "column E"),
}

# LeNet-5 as published: (trainable parameters, connections) of its layers.
LENET5_1998_LAYERS = {
    "C1": Fact((156, 122_304), "parameters, connections", f"{LECUN_1998}, II.B"),
    "S2": Fact((12, 5_880), "parameters, connections", f"{LECUN_1998}, II.B"),
    "C3": Fact((1_516, 151_600), "parameters, connections", f"{LECUN_1998}, II.B"),
    "S4": Fact((32, 2_000), "parameters, connections", f"{LECUN_1998}, II.B"),
    "C5": Fact((48_120, 48_120), "parameters, connections", f"{LECUN_1998}, II.B"),
    "F6": Fact((10_164, 10_164), "parameters, connections", f"{LECUN_1998}, II.B"),
    "output": Fact(
        (0, 840), "parameters, connections", f"{LECUN_1998}, II.B", "fixed bitmaps"
    ),
}
LENET5_1998_CONNECTIONS = Fact(
    340_908, "connections", f"{LECUN_1998}, section II.B", "the RBF output's included"
)

# The complexity slide ----------------------------------------------------------------

# (weights, MACs) of the slide's rows: no biases, no output layers.
ALEXNET_COMPLEXITY = {
    "conv1": Fact((34_848, 101_616_768), "weights, MACs", D2L, "11x11x3x96; 54x54"),
    "conv2": Fact((614_400, 415_334_400), "weights, MACs", D2L, "5x5x96x256; 26x26"),
    "conv3-5": Fact((3_096_576, 445_906_944), "weights, MACs", D2L, "3x3; 12x12"),
    "dense1": Fact((26_214_400, 26_214_400), "weights, MACs", D2L, "6400x4096"),
    "dense2": Fact((16_777_216, 16_777_216), "weights, MACs", D2L, "4096x4096"),
}
LENET_COMPLEXITY = {
    "conv1": Fact((150, 117_600), "weights, MACs", SLIDES, "5x5x6; 28x28"),
    "conv2": Fact((2_400, 240_000), "weights, MACs", SLIDES, "5x5x6x16; 10x10"),
    "dense1": Fact((48_000, 48_000), "weights, MACs", SLIDES, "400x120"),
    "dense2": Fact((10_080, 10_080), "weights, MACs", SLIDES, "120x84"),
}
PARAMETERS_RATIO = Fact(771, "times", "recomputed", "listed rows, AlexNet to LeNet")

# ImageNet ----------------------------------------------------------------------------

_TABLES = f"{RUSSAKOVSKY_2015}, results of the classification task by year"

# Top-5 error of each year's winner in ILSVRC's classification task.
IMAGENET_TOP5 = {
    2010: Fact(28.2, "%", _TABLES, "secondary"),
    2011: Fact(25.8, "%", _TABLES, "secondary"),
    2012: Fact(16.4, "%", f"{KRIZHEVSKY_2012}, table 2", "five networks averaged"),
    2013: Fact(11.7, "%", _TABLES, "secondary"),
    2014: Fact(6.7, "%", f"{SZEGEDY_2014}, table 2", "6.67 there"),
    2015: Fact(3.57, "%", f"{HE_2015}, abstract"),
    2016: Fact(2.99, "%", ILSVRC_2016, "secondary: the organizers' page"),
    2017: Fact(2.25, "%", f"{HU_2017}, abstract", "2.251 there"),
}
IMAGENET_WINNERS = {
    2010: "NEC-UIUC",
    2011: "XRCE",
    2012: "AlexNet",
    2013: "Clarifai",
    2014: "GoogLeNet",
    2015: "ResNet",
    2016: "Trimps-Soushen",
    2017: "SENet",
}
HUMAN = Fact(
    5.1, "%", f"{RUSSAKOVSKY_2015}, section 6.4", "one trained person, 1500 images"
)

# Dates -------------------------------------------------------------------------------

YEARS = {
    "Neocognitron": Fact(1980, "year", FUKUSHIMA_1980),
    "convolutional networks by backpropagation": Fact(1989, "year", LECUN_1989),
    "LeNet-5": Fact(
        1998, "year", LECUN_1998, "a comparison of 1995 already includes a LeNet 5"
    ),
    "AlexNet": Fact(2012, "year", KRIZHEVSKY_2012),
    "VGG": Fact(2014, "year", SIMONYAN_2014),
    "GoogLeNet": Fact(2014, "year", SZEGEDY_2014),
    "ResNet": Fact(2015, "year", HE_2015),
    "SENet": Fact(2017, "year", HU_2017),
}

# Where the slides slip ---------------------------------------------------------------

ERRATA = {
    "complexity": Erratum("Complexity", "Increase 11x", PARAMETERS_RATIO),
    "mnist": Erratum("MNIST", "50,000 training data", MNIST_TRAIN),
    "lenet": Erratum("Progress", "LeNet (1995)", YEARS["LeNet-5"]),
    "first": Erratum(
        "LeNet architecture",
        "first conv nets",
        YEARS["convolutional networks by backpropagation"],
    ),
}
