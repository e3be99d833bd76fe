"""Answers to notebook 01's exercises. A docstring is what the diagnosis must say."""

import math

import numpy as np
import torch


def cross_correlate__loops(image, kernel):
    (H, W), (h, w) = image.shape, kernel.shape
    out = torch.zeros(H - h + 1, W - w + 1)
    for i in range(H - h + 1):
        for j in range(W - w + 1):
            out[i, j] = (image[i : i + h, j : j + w] * kernel).sum()
    return out


def cross_correlate__nested_lists(image, kernel):
    image, kernel = image.tolist(), kernel.tolist()
    h, w = len(kernel), len(kernel[0])
    return [
        [
            sum(image[i + u][j + v] * kernel[u][v] for u in range(h) for v in range(w))
            for j in range(len(image[0]) - w + 1)
        ]
        for i in range(len(image) - h + 1)
    ]


def cross_correlate__shifted_sums(image, kernel):
    (H, W), (h, w) = image.shape, kernel.shape
    shifted = [
        kernel[u, v] * image[u : u + H - h + 1, v : v + W - w + 1]
        for u in range(h)
        for v in range(w)
    ]
    return sum(shifted)


def cross_correlate__numpy_windows(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image.numpy(), kernel.shape)
    return np.einsum("ijuv,uv->ij", windows, kernel.numpy()).astype("float32")


def cross_correlate__zero_dimensional_tensors(image, kernel):
    (H, W), (h, w) = image.shape, kernel.shape
    return [
        [(image[i : i + h, j : j + w] * kernel).sum() for j in range(W - w + 1)]
        for i in range(H - h + 1)
    ]


def cross_correlate__flipped(image, kernel):
    """turned by 180°"""
    return cross_correlate__loops(image, kernel.flip([0, 1]))


def cross_correlate__one_too_small(image, kernel):
    """one row and one column too small"""
    (H, W), (h, w) = image.shape, kernel.shape
    out = torch.zeros(H - h, W - w)
    for i in range(H - h):
        for j in range(W - w):
            out[i, j] = (image[i : i + h, j : j + w] * kernel).sum()
    return out


def cross_correlate__rows_for_columns(image, kernel):
    """Rows and columns are swapped"""
    (H, W), (h, w) = image.shape, kernel.shape
    out = torch.zeros(H - h + 1, W - w + 1)
    for i in range(H - h + 1):
        for j in range(W - w + 1):
            out[i, j] = (image[j : j + h, i : i + w] * kernel).sum()
    return out


def cross_correlate__only_square(image, kernel):
    """only for square"""
    n, k = image.shape[0], kernel.shape[0]
    out = torch.zeros(n - k + 1, n - k + 1)
    for i in range(n - k + 1):
        for j in range(n - k + 1):
            out[i, j] = (image[i : i + k, j : j + k] * kernel).sum()
    return out


def cross_correlate__no_sum(image, kernel):
    """do not sum the products"""
    h, w = kernel.shape
    return image.unfold(0, h, 1).unfold(1, w, 1) * kernel


def cross_correlate__integers(image, kernel):
    """decimals of your results are cut off"""
    return cross_correlate__loops(image, kernel).to(torch.int64)


def output_size__formula(n, k, p=0, s=1, d=1):
    return (n + 2 * p - d * (k - 1) - 1) // s + 1


def output_size__counting(n, k, p=0, s=1, d=1):
    places, start = 0, -p
    while start + d * (k - 1) < n + p:
        places, start = places + 1, start + s
    return places


def output_size__floor(n, k, p=0, s=1, d=1):
    return math.floor((n + 2 * p - (d * (k - 1) + 1)) / s) + 1


def output_size__numpy(n, k, p=0, s=1, d=1):
    return np.int64(len(np.arange(-p, n + p - d * (k - 1), s)))


def output_size__padding_once(n, k, p=0, s=1, d=1):
    """padding is counted once"""
    return (n + p - d * (k - 1) - 1) // s + 1


def output_size__true_division(n, k, p=0, s=1, d=1):
    """divide without rounding down"""
    return (n + 2 * p - d * (k - 1) - 1) / s + 1


def output_size__float(n, k, p=0, s=1, d=1):
    """it is a float"""
    return float((n + 2 * p - d * (k - 1) - 1) // s + 1)


def output_size__one_before(n, k, p=0, s=1, d=1):
    """add 1 before you divide"""
    return (n + 2 * p - d * (k - 1)) // s


def output_size__dilated_kernel(n, k, p=0, s=1, d=1):
    """d * (k - 1) + 1"""
    return (n + 2 * p - d * k) // s + 1


def output_size__no_dilation(n, k, p=0, s=1, d=1):
    """`d` is ignored"""
    return (n + 2 * p - k) // s + 1


def conv2d__loops(input, weight, bias):
    (_, H, W), (out_channels, _, h, w) = input.shape, weight.shape
    out = torch.zeros(out_channels, H - h + 1, W - w + 1)
    for o in range(out_channels):
        for i in range(H - h + 1):
            for j in range(W - w + 1):
                window = input[:, i : i + h, j : j + w]
                out[o, i, j] = (window * weight[o]).sum() + bias[o]
    return out


def conv2d__channel_by_channel(input, weight, bias):
    maps = []
    for kernels, b in zip(weight, bias, strict=True):
        channels = [
            cross_correlate__loops(x, k) for x, k in zip(input, kernels, strict=True)
        ]
        maps.append(torch.stack(channels).sum(0) + b)
    return torch.stack(maps)


def conv2d__einsum(input, weight, bias):
    h, w = weight.shape[2:]
    windows = input.unfold(1, h, 1).unfold(2, w, 1)
    return torch.einsum("cijuv,ocuv->oij", windows, weight) + bias.view(-1, 1, 1)


def conv2d__no_bias(input, weight, bias):
    """bias is forgotten"""
    return conv2d__loops(input, weight, torch.zeros_like(bias))


def conv2d__bias_each_channel(input, weight, bias):
    """added once for each input channel"""
    maps = []
    for kernels, b in zip(weight, bias, strict=True):
        maps.append(
            sum(
                cross_correlate__loops(x, k) + b
                for x, k in zip(input, kernels, strict=True)
            )
        )
    return torch.stack(maps)


def conv2d__channels_overwritten(input, weight, bias):
    """only the last is left"""
    (C, H, W), (n, _, h, w) = input.shape, weight.shape
    out = torch.zeros(n, H - h + 1, W - w + 1)
    for o in range(n):
        for c in range(C):
            out[o] = cross_correlate__loops(input[c], weight[o, c]) + bias[o]
    return out


def conv2d__not_summed(input, weight, bias):
    """input channels are not summed"""
    return torch.stack(
        [
            torch.stack(
                [
                    cross_correlate__loops(x, k) + b
                    for x, k in zip(input, ks, strict=True)
                ]
            )
            for ks, b in zip(weight, bias, strict=True)
        ]
    )


def conv2d_strided__loops(image, kernel, stride, padding):
    (H, W), (h, w) = image.shape, kernel.shape
    big = torch.zeros(H + 2 * padding, W + 2 * padding)
    big[padding : padding + H, padding : padding + W] = image
    rows = (H + 2 * padding - h) // stride + 1
    columns = (W + 2 * padding - w) // stride + 1
    out = torch.zeros(rows, columns)
    for i in range(rows):
        for j in range(columns):
            a, b = i * stride, j * stride
            out[i, j] = (big[a : a + h, b : b + w] * kernel).sum()
    return out


def conv2d_strided__every_then_some(image, kernel, stride, padding):
    padded = np.pad(image.numpy(), padding)
    dense = cross_correlate__loops(torch.from_numpy(padded), kernel)
    return dense[::stride, ::stride]


def conv2d_strided__without_a_padded_copy(image, kernel, stride, padding):
    (H, W), (h, w) = image.shape, kernel.shape
    out = []
    for i in range(-padding, H + padding - h + 1, stride):
        row = []
        for j in range(-padding, W + padding - w + 1, stride):
            total = 0.0
            for u in range(h):
                for v in range(w):
                    if 0 <= i + u < H and 0 <= j + v < W:
                        total += float(image[i + u, j + v] * kernel[u, v])
            row.append(total)
        out.append(row)
    return out


def conv2d_strided__total_padding(image, kernel, stride, padding):
    """total for both sides together"""
    before = padding // 2
    padded = torch.nn.functional.pad(
        image, (before, padding - before, before, padding - before)
    )
    return cross_correlate__loops(padded, kernel)[::stride, ::stride]


def conv2d_strided__one_side(image, kernel, stride, padding):
    """top and left only"""
    padded = torch.nn.functional.pad(image, (padding, 0, padding, 0))
    return cross_correlate__loops(padded, kernel)[::stride, ::stride]


def conv2d_strided__only_across(image, kernel, stride, padding):
    """only across"""
    return conv2d_strided__loops(image, kernel, 1, padding)[:, ::stride]


def conv2d_strided__edge_values(image, kernel, stride, padding):
    """values at the image's edge"""
    padded = torch.from_numpy(np.pad(image.numpy(), padding, mode="edge"))
    return cross_correlate__loops(padded, kernel)[::stride, ::stride]


def receptive_field__forwards(layers):
    field = jump = 1
    for k, s in layers:
        field += (k - 1) * jump
        jump *= s
    return field


def receptive_field__backwards(layers):
    field = 1
    for k, s in reversed(layers):
        field = (field - 1) * s + k
    return field


def receptive_field__products(layers):
    strides = [s for _, s in layers]
    return 1 + sum((k - 1) * math.prod(strides[:i]) for i, (k, _) in enumerate(layers))


def receptive_field__recursive(layers):
    if not layers:
        return 1
    (k, s), *rest = layers
    return k + s * (receptive_field__recursive(rest) - 1)


def receptive_field__stride_ignored(layers):
    """stride is ignored"""
    return 1 + sum(k - 1 for k, _ in layers)


def receptive_field__own_stride(layers):
    """own stride is used"""
    field = jump = 1
    for k, s in layers:
        jump *= s
        field += (k - 1) * jump
    return field


def receptive_field__from_zero(layers):
    """start at 0"""
    return receptive_field__forwards(layers) - 1


def receptive_field__multiplied(layers):
    """kernels are multiplied"""
    return math.prod(k for k, _ in layers)


def conv_cost__formula(c_in, c_out, k, h_out, w_out):
    return c_out * (c_in * k * k + 1), c_out * c_in * k * k * h_out * w_out


def conv_cost__list(c_in, c_out, k, h_out, w_out):
    kernel = torch.zeros(c_out, c_in, k, k).numel()
    return [kernel + c_out, kernel * h_out * w_out]


def conv_cost__counted_on_a_layer(c_in, c_out, k, h_out, w_out):
    layer = torch.nn.Conv2d(c_in, c_out, k)
    parameters = sum(p.numel() for p in layer.parameters())
    return torch.tensor([parameters, layer.weight.numel() * h_out * w_out])


def conv_cost__one_bias(c_in, c_out, k, h_out, w_out):
    """One bias is counted"""
    weights = c_in * c_out * k**2
    return weights + 1, weights * h_out * w_out


def conv_cost__flops(c_in, c_out, k, h_out, w_out):
    """FLOPs"""
    weights = c_in * c_out * k**2
    return weights + c_out, 2 * weights * h_out * w_out


def conv_cost__no_output_size(c_in, c_out, k, h_out, w_out):
    """output's size is forgotten"""
    weights = c_in * c_out * k**2
    return weights + c_out, weights


def conv_cost__no_input_channels(c_in, c_out, k, h_out, w_out):
    """input channels are forgotten"""
    return c_out * (k * k + 1), c_out * k * k * h_out * w_out
