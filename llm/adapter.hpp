#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <vector>

#include "llm/model.hpp"
#include "llm/module_id.hpp"

namespace edgefuse::llm {

/// LoRA factors of one module (Hu et al., 2106.09685): ΔW = s·B·A.
struct LoraFactors {
  at::Tensor a;  // [rank, in]
  at::Tensor b;  // [out, rank]
};

/// What makes the shape and scale of an adapter, before any number in it.
struct LoraSpec {
  std::int64_t rank = 8;
  double alpha = 16;
  bool rslora = false;              // scale alpha / sqrt(rank) (2312.03732) instead of alpha / rank
  std::vector<Projection> targets;  // in enum order, no duplicates

  [[nodiscard]] double scale() const;
};

/// The factors of every adapted module of one model, float32.
struct Adapter {
  LoraSpec spec;
  std::map<ModuleId, LoraFactors> modules;
};

/// A fresh adapter on `model`: A uniform in ±1/sqrt(in) (PEFT's Kaiming initialisation), B = 0, drawn from
/// (seed, client, round) in Domain::adapter_init: a client that starts anew gets another A. A is drawn in the width of
/// the base and cut to the variant's prefix, so that clients with different variants share what they share. Dropped
/// layers have none.
[[nodiscard]] Adapter make_adapter(const Model& model, const LoraSpec& spec, std::uint64_t seed, std::uint32_t client,
                                   std::uint32_t round = 0);

/// Reads PEFT's `adapter_config.json` and `adapter_model.safetensors`. DoRA, biases, saved modules and targets outside
/// the seven projections are refused. Throws InputError.
[[nodiscard]] Adapter load_adapter(const std::filesystem::path& folder);
/// Writes the same two files, both or none. Throws InputError when the place cannot be written.
void save_adapter(const Adapter& adapter, const std::filesystem::path& folder);

/// Throws InputError naming each module that `model` lacks or whose shape differs.
void check_adapter_fits(const Adapter& adapter, const Model& model, const std::filesystem::path& origin);

}  // namespace edgefuse::llm
