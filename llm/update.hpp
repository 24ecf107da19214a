#pragma once

#include <cstdint>

#include "llm/adapter.hpp"
#include "llm/cores.hpp"
#include "llm/variant.hpp"

namespace edgefuse::llm {

/// What a client sends back: its adapter in its variant's shapes, how many examples it trained on, and the version of
/// the base it started from. Clients make it, the server recovers it; the two folders meet here and in Plan.
struct Update {
  std::uint32_t client = 0;
  std::int64_t version = 0;
  std::int64_t examples = 0;
  VariantShape variant;
  Adapter adapter;
  CoreMatrices cores{};  // R, where it alone was trained
};

}  // namespace edgefuse::llm
