"""The lecture's colors: one for each role, in all seven notebooks.

The colors are Okabe and Ito's, which people with the common color vision deficiencies
tell apart (Okabe, Ito 2008, https://jfly.uni-koeln.de/color/). Color is never the only
carrier: lines also differ in dash and marker, and cells carry numbers.
"""

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"

# Each role has one color in all seven notebooks, and a pale one for cells with numbers.
INPUT, KERNEL, OUTPUT, WINDOW = BLUE, ORANGE, GREEN, VERMILLION
INPUT_PALE, KERNEL_PALE, OUTPUT_PALE = "#D3E6F5", "#FBE6BD", "#CDEBDD"
# Dark enough for words and numbers in a role's color on white (contrast above 6).
INPUT_INK, KERNEL_INK, OUTPUT_INK = "#00527F", "#7A5000", "#00614A"
WINDOW_INK = "#A34700"
INK, MUTED, FAINT, PAPER = "#1A1A1A", "#5F6368", "#D5D8DC", "#FFFFFF"
# A network keeps its color through all notebooks; "softmax" and "linear" are the same.
NETWORKS = {
    "softmax": PURPLE,
    "linear": PURPLE,
    "LeNet": BLUE,
    "AlexNet": VERMILLION,
    "VGG": GREEN,
}
PALE = {INPUT: INPUT_PALE, KERNEL: KERNEL_PALE, OUTPUT: OUTPUT_PALE}
