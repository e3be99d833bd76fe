"""A cat and a dog: what they share, and the features that tell them apart.

Colors, coats, poses, sizes and collars are drawn from the same distributions for both.
What differs is what differs in life: a cat has pointed ears, almond eyes with slit
pupils, a small nose, long whiskers and a long thin tail; a dog has drooping or folded
ears, round eyes, a long muzzle with a large nose and a shorter, thicker tail.

The unit is about half the width of a head; y points down.
"""

from dataclasses import dataclass
from random import Random

from .canvas import Color, darker, lighter, mix

__all__ = ["POSES", "Animal", "random_animal"]

_FURS = (
    (58, 54, 58),
    (138, 136, 142),
    (240, 236, 228),
    (236, 208, 162),
    (226, 148, 70),
    (134, 92, 60),
    (92, 66, 50),
    (112, 124, 142),
    (206, 166, 96),
    (176, 98, 62),
)
_EYES = ((120, 168, 70), (222, 168, 50), (96, 160, 204), (150, 96, 48))
_NOSES = ((58, 44, 44), (112, 70, 62), (222, 132, 132))
_COLLARS = (
    (214, 64, 62),
    (52, 108, 186),
    (58, 150, 100),
    (240, 176, 48),
    (150, 84, 170),
)

COATS = ("plain", "striped", "patched", "bibbed")
POSES = ("portrait", "sitting", "standing", "lying")


@dataclass(frozen=True)
class Animal:
    """Everything that decides how one animal looks."""

    is_cat: bool
    pose: str
    fur: Color
    second: Color  # belly, muzzle, socks
    coat: str
    eye: Color
    nose: Color
    collar: Color | None
    turn: float  # where it looks: -1 left, 1 right
    tilt: float  # of the head, in degrees
    mood: float  # 0 eyes half closed, 1 wide open
    tongue: bool
    folded: bool  # a dog's ears, folded rather than hanging
    ears: float  # length of the ears, about 1
    wag: float  # which way the tail goes, -1..1

    @property
    def ink(self) -> Color:
        """The color of outlines: darker than the fur, or lighter if that is black."""
        return lighter(self.fur, 0.3) if self.is_black else darker(self.fur, 0.55)

    @property
    def stripe(self) -> Color:
        """The color of a striped coat's stripes."""
        return lighter(self.fur, 0.22) if self.is_black else darker(self.fur, 0.32)

    @property
    def is_black(self) -> bool:
        """Whether the fur is so dark that nothing darker shows on it."""
        return sum(self.fur) < 240


def random_animal(random: Random, is_cat: bool) -> Animal:
    """Draw all features; the species decides about none of the random ones."""
    fur, light = random.choice(_FURS), random.uniform(-0.18, 0.18)
    fur = lighter(fur, light) if light > 0 else darker(fur, -light)
    fur = mix(fur, random.choice(_FURS), random.uniform(0, 0.15))
    second = random.choice(
        (lighter(fur, 0.45), lighter(fur, 0.7), (246, 242, 234), darker(fur, 0.25))
    )
    return Animal(
        is_cat=is_cat,
        pose=random.choice(POSES),
        fur=fur,
        second=second,
        coat=random.choice(COATS),
        eye=random.choice(_EYES),
        nose=random.choice(_NOSES),
        collar=random.choice(_COLLARS) if random.random() < 0.4 else None,
        turn=random.uniform(-1, 1),
        tilt=random.uniform(-16, 16),
        mood=random.uniform(0.75, 1.0),
        tongue=random.random() < 0.3,
        folded=random.random() < 0.35,
        ears=random.uniform(0.85, 1.15),
        wag=random.uniform(-1, 1),
    )
