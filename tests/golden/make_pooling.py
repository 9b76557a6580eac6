"""Max, average and global average pooling and their gradients. NCHW; max pooling's places as offsets in the window."""
import torch
import torch.nn.functional as F

from golden import exact, flat


def case(seed, kind, shape, kernel=0, stride=0, padding=0, ceil_mode=False):
    generator = torch.Generator().manual_seed(seed)
    # Few different values, so that windows have ties.
    x = exact(*shape, generator=generator, step=0.5, limit=1.5).requires_grad_()
    result = {"kind": kind, "shape": list(shape), "kernel": kernel, "stride": stride, "padding": padding,
              "ceil_mode": ceil_mode, "x": flat(x)}
    if kind == "max":
        y, index = F.max_pool2d(x, kernel, stride, padding, ceil_mode=ceil_mode, return_indices=True)
        rows = torch.arange(y.shape[2]).reshape(-1, 1) * stride - padding
        columns = torch.arange(y.shape[3]) * stride - padding
        offset = (index // shape[3] - rows) * kernel + index % shape[3] - columns
        result["argmax"] = flat(offset)
    elif kind == "average":
        y = F.avg_pool2d(x, kernel, stride, padding, ceil_mode=ceil_mode, count_include_pad=False)
    else:
        y = F.adaptive_avg_pool2d(x, 1)
    y_gradient = exact(*y.shape, generator=generator)
    y.backward(y_gradient)
    result |= {"output_shape": list(y.shape), "y": flat(y), "y_gradient": flat(y_gradient),
               "x_gradient": flat(x.grad)}
    return result


def cases():
    return [
        case(1, "max", (2, 3, 7, 5), kernel=3, stride=2, padding=1),
        case(2, "max", (1, 2, 4, 6), kernel=2, stride=2),
        case(3, "max", (1, 3, 5, 5), kernel=3, stride=2, ceil_mode=True),
        case(4, "max", (1, 2, 4, 3), kernel=3, stride=1, padding=1),
        case(5, "average", (1, 3, 5, 7), kernel=2, stride=2, ceil_mode=True),
        case(6, "average", (2, 2, 4, 6), kernel=2, stride=2),
        case(7, "average", (1, 2, 5, 4), kernel=3, stride=2, padding=1),
        case(8, "global", (2, 5, 3, 4)),
    ]
