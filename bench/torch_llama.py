"""What transformers' LlamaForCausalLM (eager attention) and PEFT's LoRA layers ask of torch, for machines without those packages.

The same operations in the same order: modules of torch, autograd, logits of every position in float32, cross-entropy over those
that have a label. Only what training reads is here: no cache, no generation, no dropout.
"""
import json
import math
import struct
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def read_safetensors(path):
    data = bytearray(Path(path).read_bytes())
    (header_size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + header_size])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        dtype = DTYPES[entry["dtype"]]
        flat = torch.frombuffer(data, dtype=dtype, offset=8 + header_size + begin, count=8 * (end - begin) // torch.finfo(dtype).bits)
        tensors[name] = flat.reshape(entry["shape"]).float()
    return tensors


class LoraLinear(nn.Module):
    """y = x W' + s (x A') B', with A [rank, in] and B [out, rank] (Hu et al., 2106.09685)."""

    def __init__(self, weight, rank, scaling):
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.scaling = scaling
        self.lora_A = nn.Parameter(torch.empty(rank, weight.shape[1]))
        self.lora_B = nn.Parameter(torch.zeros(weight.shape[0], rank))
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))

    def forward(self, x):
        result = functional.linear(x, self.weight)
        return result + functional.linear(functional.linear(x, self.lora_A), self.lora_B) * self.scaling


class FrozenLinear(nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)

    def forward(self, x):
        return functional.linear(x, self.weight)


class RmsNorm(nn.Module):
    def __init__(self, weight, epsilon):
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.epsilon = epsilon

    def forward(self, x):
        wide = x.float()
        wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.epsilon)
        return self.weight * wide.to(x.dtype)


def rotate_half(x):
    half = x.shape[-1] // 2
    return torch.cat((-x[..., half:], x[..., :half]), dim=-1)


class Layer(nn.Module):
    def __init__(self, config, linear, norm):
        super().__init__()
        self.heads = config["num_attention_heads"]
        self.kv_heads = config["num_key_value_heads"]
        self.head_dim = config.get("head_dim") or config["hidden_size"] // self.heads
        self.q, self.k, self.v, self.o = (linear(f"self_attn.{name}_proj") for name in "qkvo")
        self.gate, self.up, self.down = (linear(f"mlp.{name}_proj") for name in ("gate", "up", "down"))
        self.input_norm, self.post_attn_norm = norm("input_layernorm"), norm("post_attention_layernorm")

    def split(self, x, heads):
        return x.view(x.shape[0], x.shape[1], heads, self.head_dim).transpose(1, 2)

    def attention(self, x, cos, sin, mask):
        q, k, v = self.split(self.q(x), self.heads), self.split(self.k(x), self.kv_heads), self.split(self.v(x), self.kv_heads)
        q = q * cos + rotate_half(q) * sin
        k = k * cos + rotate_half(k) * sin
        k, v = (t.repeat_interleave(self.heads // self.kv_heads, dim=1) for t in (k, v))
        weights = torch.matmul(q, k.transpose(2, 3)) / math.sqrt(self.head_dim) + mask
        weights = functional.softmax(weights, dim=-1, dtype=torch.float32).to(q.dtype)
        return self.o(torch.matmul(weights, v).transpose(1, 2).reshape(x.shape[0], x.shape[1], -1))

    def forward(self, x, cos, sin, mask):
        x = x + self.attention(self.input_norm(x), cos, sin, mask)
        y = self.post_attn_norm(x)
        return x + self.down(functional.silu(self.gate(y)) * self.up(y))


class Llama(nn.Module):
    def __init__(self, folder, targets, rank, alpha):
        super().__init__()
        self.config = json.loads((Path(folder) / "config.json").read_text())
        weights = read_safetensors(Path(folder) / "model.safetensors")

        def layer(index):
            prefix = f"model.layers.{index}."

            def linear(name):
                weight = weights[f"{prefix}{name}.weight"]
                return LoraLinear(weight, rank, alpha / rank) if name.split(".")[1] in targets else FrozenLinear(weight)

            return Layer(self.config, linear, lambda name: self.norm_of(weights[f"{prefix}{name}.weight"]))

        self.embedding = nn.Embedding.from_pretrained(weights["model.embed_tokens.weight"], freeze=True)
        self.layers = nn.ModuleList(layer(i) for i in range(self.config["num_hidden_layers"]))
        self.final_norm = self.norm_of(weights["model.norm.weight"])
        self.head = FrozenLinear(weights.get("lm_head.weight", weights["model.embed_tokens.weight"]))

    def norm_of(self, weight):
        return RmsNorm(weight, self.config["rms_norm_eps"])

    def forward(self, input_ids, labels):
        length, head_dim = input_ids.shape[1], self.layers[0].head_dim
        frequencies = self.config["rope_theta"] ** (-torch.arange(0, head_dim, 2).float() / head_dim)
        angles = torch.outer(torch.arange(length).float(), frequencies).repeat(1, 2)
        mask = torch.full((length, length), torch.finfo(torch.float32).min).triu(1)
        x = self.embedding(input_ids)
        for layer in self.layers:
            x = layer(x, angles.cos(), angles.sin(), mask)
        logits = self.head(self.final_norm(x)).float()
        return functional.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
