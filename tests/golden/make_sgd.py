"""torch.optim.SGD over several steps, with and without Nesterov, and a second tensor without weight decay."""
import torch

from golden import exact, flat


def case(seed, nesterov, momentum, weight_decay, rates, gradient_scale):
    generator = torch.Generator().manual_seed(seed)
    parameters = [exact(7, generator=generator).requires_grad_(), exact(3, generator=generator).requires_grad_()]
    optimizer = torch.optim.SGD(
        [{"params": parameters[:1], "weight_decay": weight_decay}, {"params": parameters[1:], "weight_decay": 0.0}],
        lr=1.0, momentum=momentum, nesterov=nesterov)
    result = {
        "nesterov": nesterov, "momentum": momentum, "weight_decay": weight_decay, "gradient_scale": gradient_scale,
        "decay": [1.0, 0.0], "start": [flat(parameter) for parameter in parameters], "steps": [],
    }
    for rate in rates:
        gradients = [exact(parameter.numel(), generator=generator) for parameter in parameters]
        for group in optimizer.param_groups:
            group["lr"] = rate
        for parameter, gradient in zip(parameters, gradients):
            parameter.grad = gradient * gradient_scale
        optimizer.step()
        buffers = [optimizer.state[parameter].get("momentum_buffer") for parameter in parameters]
        result["steps"].append({
            "learning_rate": rate,
            "gradient": [flat(gradient) for gradient in gradients],
            "parameter": [flat(parameter) for parameter in parameters],
            "momentum": [flat(buffer) if buffer is not None else None for buffer in buffers],
        })
    return result


def cases():
    # Scalars are powers of two and their sums, exact in float32: the kernels read them as float32.
    rates = [0.125, 0.25, 0.0625, 0.0]
    return [
        case(1, False, 0.875, 0.03125, rates, 1.0),
        case(2, True, 0.875, 0.03125, rates, 0.5),
        case(3, True, 0.5, 0.0, rates, 1.0),
        case(4, False, 0.0, 0.03125, rates, 1.0),
    ]
