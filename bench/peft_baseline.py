#!/usr/bin/env python3
"""The loop that other simulators train virtual clients with: transformers and PEFT, one client after another.

    bench/peft_baseline.py --model DIR [--clients 16 --batch 4 --sequence 128 --rank 8 --targets q,v]
                           [--precision fp32|bf16] [--loss full|answer] [--threads 1] [--torch-only] [--json]

The same work as `edgefuse bench train` with the same options, for a comparison on one machine. Needs torch, transformers
and peft from PyPI (edgefuse itself does not); with --torch-only torch alone, Debian's python3-torch for one, and what those
two ask of it (torch_llama.py). bf16 is autocast over the frozen model, as those simulators use it.
"""
import argparse
import json
import resource
import statistics
import time

import torch

MODULES = {"q": "q_proj", "k": "k_proj", "v": "v_proj", "o": "o_proj", "gate": "gate_proj", "up": "up_proj", "down": "down_proj"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--sequence", type=int, default=128)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--targets", default="q,v")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--loss", choices=["full", "answer"], default="full")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--torch-only", action="store_true", help="without transformers and PEFT: their calls to torch")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def targets_of(options):
    return [MODULES[name] for name in options.targets.split(",")]


def batches(options, vocabulary, client):
    draws = torch.Generator().manual_seed(client)
    for _ in range(options.steps):
        ids = torch.randint(vocabulary, (options.batch, options.sequence), generator=draws)
        labels = ids.clone()
        if options.loss == "answer":
            labels[:, :-1] = -100
        yield ids, labels


class WithPeft:
    """A base and one adapter, by transformers and PEFT."""

    def __init__(self, options):
        import peft
        from transformers import AutoModelForCausalLM
        self.peft = peft
        base = AutoModelForCausalLM.from_pretrained(options.model, torch_dtype=torch.float32)
        self.model = peft.get_peft_model(base, peft.LoraConfig(r=options.rank, lora_alpha=2 * options.rank, target_modules=targets_of(options)))
        self.vocabulary = self.model.config.vocab_size

    def loss(self, ids, labels):
        return self.model(input_ids=ids, labels=labels).loss

    def adapter(self):
        return self.peft.get_peft_model_state_dict(self.model)

    def start_from(self, adapter):
        self.peft.set_peft_model_state_dict(self.model, adapter)


class WithTorchAlone:
    """The same, by the calls that those two make."""

    def __init__(self, options):
        from torch_llama import Llama
        self.model = Llama(options.model, targets_of(options), options.rank, 2 * options.rank)
        self.vocabulary = self.model.config["vocab_size"]

    def loss(self, ids, labels):
        return self.model(ids, labels)

    def adapter(self):
        return {name: tensor for name, tensor in self.model.state_dict().items() if "lora_" in name}

    def start_from(self, adapter):
        self.model.load_state_dict(adapter, strict=False)


def train_client(learner, initial, options, client):
    learner.start_from(initial)
    optimiser = torch.optim.AdamW((p for p in learner.model.parameters() if p.requires_grad), lr=1e-3)
    for ids, labels in batches(options, learner.vocabulary, client):
        with torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bf16"):
            loss = learner.loss(ids, labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return learner.adapter()


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    learner = WithTorchAlone(options) if options.torch_only else WithPeft(options)
    learner.model.train()
    initial = {name: tensor.clone() for name, tensor in learner.adapter().items()}
    train_client(learner, initial, options, 0)  # the first call allocates and chooses kernels
    times = []
    for _ in range(options.repeats):
        start = time.perf_counter()
        for client in range(options.clients):
            train_client(learner, initial, options, client)
        times.append(time.perf_counter() - start)
    client_steps = options.clients * options.steps
    seconds = statistics.median(times)
    result = {"ms_per_client_step": 1e3 * seconds / client_steps,
              "tokens_per_s": client_steps * options.batch * options.sequence / seconds,
              "peak_rss_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}
    print(json.dumps(result) if options.json else "\n".join(f"{name:20} {value:.1f}" for name, value in result.items()))


if __name__ == "__main__":
    main()
