"""torch.nn.functional.batch_norm in training and inference, with shortcut and activation, and its gradients. NCHW."""
import torch
import torch.nn.functional as F

from golden import exact, flat


def activate(value, activation, slope):
    if activation == "relu":
        return F.relu(value)
    return F.leaky_relu(value, slope) if activation == "leaky_relu" else value


def case(seed, shape, activation, slope=0.0, with_residual=False):
    generator = torch.Generator().manual_seed(seed)
    channels = shape[1]
    # Powers of two: exact in float32, which the kernels take them in.
    momentum, epsilon = 0.125, 2.0**-10
    x = exact(*shape, generator=generator).requires_grad_()
    residual = exact(*shape, generator=generator).requires_grad_()
    gamma = exact(channels, generator=generator).requires_grad_()
    beta = exact(channels, generator=generator).requires_grad_()
    running_mean = exact(channels, generator=generator)
    running_variance = exact(channels, generator=generator).abs() + 0.5
    z_gradient = exact(*shape, generator=generator)
    result = {
        "shape": list(shape), "momentum": momentum, "epsilon": epsilon, "activation": activation, "slope": slope,
        "x": flat(x), "residual": flat(residual) if with_residual else None, "gamma": flat(gamma), "beta": flat(beta),
        "running_mean": flat(running_mean), "running_variance": flat(running_variance), "z_gradient": flat(z_gradient),
    }
    inference = F.batch_norm(x, running_mean, running_variance, gamma, beta, False, momentum, epsilon)
    normalized = F.batch_norm(x, running_mean, running_variance, gamma, beta, True, momentum, epsilon)
    z = activate(normalized + residual if with_residual else normalized, activation, slope)
    z.backward(z_gradient)
    result |= {
        "inference_z": flat(activate(inference + residual if with_residual else inference, activation, slope)),
        "z": flat(z), "running_mean_after": flat(running_mean), "running_variance_after": flat(running_variance),
        "x_gradient": flat(x.grad), "gamma_gradient": flat(gamma.grad), "beta_gradient": flat(beta.grad),
        "residual_gradient": flat(residual.grad) if with_residual else None,
    }
    return result


def cases():
    return [
        case(1, (2, 3, 3, 2), "none"),
        case(2, (2, 3, 2, 3), "relu"),
        case(3, (3, 5, 2, 1), "leaky_relu", slope=0.125, with_residual=True),
        case(4, (2, 16, 1, 2), "relu", with_residual=True),
    ]
