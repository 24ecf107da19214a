#!/usr/bin/env python3
"""What PEFT takes to fuse LoRA adapters: add_weighted_adapter with combination_type svd and cat.

    bench/peft_fuse_baseline.py [--shape 4096x11008]... [--adapters 10 --rank 16 --threads 1] [--types svd,cat]
                                [--torch-only] [--json]

The same work as `edgefuse bench fuse` with the same options (flexlora and stack there), for a comparison on one machine.
Needs torch and peft from PyPI (edgefuse itself does not); with --torch-only torch alone, Debian's python3-torch for one,
and makes the calls to torch that PEFT makes. A whole decomposition of a large matrix takes minutes.
"""
import argparse
import json
import os
import resource
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # which --threads does not reach; read when torch is loaded

import torch

LLAMA_7B = ["4096x4096", "11008x4096", "4096x11008"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", action="append", help="OUTxIN of a module; Llama-7B's three by default")
    parser.add_argument("--adapters", type=int, default=10)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--types", default="svd,cat")
    parser.add_argument("--torch-only", action="store_true", help="without PEFT: its calls to torch")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def model_with_adapters(out, width, options):
    """One linear module with so many adapters whose factors are random."""
    from peft import LoraConfig, get_peft_model
    base = torch.nn.Sequential()
    base.add_module("projection", torch.nn.Linear(width, out, bias=False))
    config = LoraConfig(r=options.rank, lora_alpha=options.rank, target_modules=["projection"])
    model = get_peft_model(base, config, adapter_name="0")
    for i in range(1, options.adapters):
        model.add_adapter(str(i), config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.copy_(0.02 * torch.randn(parameter.shape))
    return model


def seconds_of(model, kind, options):
    names = [str(i) for i in range(options.adapters)]
    start = time.perf_counter()
    model.add_weighted_adapter(names, [1 / options.adapters] * options.adapters, adapter_name="fused-" + kind,
                               combination_type=kind, svd_rank=options.rank, svd_full_matrices=False)
    return time.perf_counter() - start


def random_factors(out, width, options):
    return [(0.02 * torch.randn(options.rank, width), 0.02 * torch.randn(out, options.rank))
            for _ in range(options.adapters)]


def seconds_by_hand(factors, kind, options):
    """add_weighted_adapter's own work on one module, scale 1."""
    weight = 1 / options.adapters
    start = time.perf_counter()
    if kind == "svd":
        delta = sum(weight * (b @ a) for a, b in factors)
        u, s, vh = torch.linalg.svd(delta, full_matrices=False)
        u[:, :options.rank] @ torch.diag(s[:options.rank])
        vh[:options.rank].contiguous()
    elif kind == "cat":
        torch.cat([weight * a for a, _ in factors], dim=0)
        torch.cat([b for _, b in factors], dim=1)
    else:
        raise SystemExit(f"--torch-only knows svd and cat, not {kind}")
    return time.perf_counter() - start


def seconds_by_kind(out, width, options):
    kinds = options.types.split(",")
    if options.torch_only:
        factors = random_factors(out, width, options)
        return {kind: seconds_by_hand(factors, kind, options) for kind in kinds}
    model = model_with_adapters(out, width, options)
    return {kind: seconds_of(model, kind, options) for kind in kinds}


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    modules = []
    for shape in options.shape or LLAMA_7B:
        out, width = (int(size) for size in shape.split("x"))
        modules.append({"shape": [out, width], "seconds": seconds_by_kind(out, width, options),
                        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024})
    if options.json:
        print(json.dumps({"modules": modules}))
        return
    for module in modules:
        print(module["shape"], ", ".join(f"{kind} {value:.3f} s" for kind, value in module["seconds"].items()))


if __name__ == "__main__":
    main()
