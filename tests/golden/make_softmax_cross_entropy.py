"""Softmax cross-entropy with a K-wide target laid out in full: what the kernels compute without laying it out."""
import torch

from golden import exact, flat


def smoothed(labels, classes, smoothing, convention):
    one_hot = torch.nn.functional.one_hot(labels, classes).to(torch.float64)
    if convention == "others":
        return one_hot * (1 - smoothing) + (1 - one_hot) * smoothing / (classes - 1)
    return one_hot * (1 - smoothing) + smoothing / classes


def case(seed, rows, classes, smoothing, convention, mixed, offset=0.0):
    generator = torch.Generator().manual_seed(seed)
    logits = (exact(rows, classes, generator=generator) + offset).requires_grad_()
    label_a = torch.randint(0, classes, (rows,), generator=generator)
    label_b = torch.randint(0, classes, (rows,), generator=generator)
    label_b[0] = label_a[0]
    weights = torch.randint(0, 65, (rows,), generator=generator).to(torch.float64) / 64
    upstream = exact(rows, generator=generator)

    target = smoothed(label_a, classes, smoothing, convention)
    if mixed:
        other = smoothed(label_b, classes, smoothing, convention)
        target = weights[:, None] * target + (1 - weights[:, None]) * other
    loss = torch.nn.functional.cross_entropy(logits, target, reduction="none")
    if convention == "uniform" and not mixed:
        theirs = torch.nn.functional.cross_entropy(logits, label_a, reduction="none", label_smoothing=smoothing)
        torch.testing.assert_close(loss, theirs)
    gradient, = torch.autograd.grad(loss, logits, upstream)
    return {
        "rows": rows, "classes": classes, "smoothing": smoothing, "convention": convention, "mixed": mixed,
        "logits": flat(logits), "label_a": flat(label_a), "label_b": flat(label_b), "lambda": flat(weights),
        "loss_gradient": flat(upstream), "loss": flat(loss), "log_sum_exp": flat(torch.logsumexp(logits, 1)),
        "logits_gradient": flat(gradient),
    }


def cases():
    return [
        case(1, 3, 10, 0.0, "others", mixed=False),
        case(2, 3, 10, 0.1, "others", mixed=False),
        case(3, 3, 10, 0.1, "uniform", mixed=False),
        case(4, 4, 7, 0.1, "others", mixed=True),
        case(5, 4, 7, 0.1, "uniform", mixed=True),
        case(6, 2, 2, 0.2, "others", mixed=True),
        case(7, 2, 37, 0.1, "others", mixed=True),
        case(8, 2, 9, 0.1, "others", mixed=True, offset=10000.0),
    ]
