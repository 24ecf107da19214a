#include "llm/device.hpp"

#include <algorithm>
#include <optional>

#include <ATen/ATen.h>

#include "sim/error.hpp"

namespace edgefuse::llm {
namespace {

std::int64_t cards() {
  return at::hasCUDA() ? static_cast<std::int64_t>(at::getNumGPUs()) : 0;
}

[[noreturn]] void refuse(const std::string& text, const std::string& problem, const std::string& remedy) {
  throw InputError{{.key = "--device", .problem = "'" + text + "' " + problem, .remedy = remedy}};
}

std::optional<std::int64_t> card_number(const std::string& text, int process) {
  if (text == "cuda") return process % std::max<std::int64_t>(1, cards());
  const std::string prefix = "cuda:";
  const bool named = text.size() > prefix.size() && text.size() < prefix.size() + 4 && text.starts_with(prefix);
  if (!named || text.find_first_not_of("0123456789", prefix.size()) != std::string::npos) return std::nullopt;
  return std::stoll(text.substr(prefix.size()));
}

at::Tensor moved(const at::Tensor& tensor, at::Device device) {
  return tensor.defined() ? tensor.to(device) : tensor;
}

HeldWeight moved(const HeldWeight& held, at::Device device) {
  HeldWeight there = held;
  there.numbers = moved(held.numbers, device);
  there.scales = moved(held.scales, device);
  return there;
}

}  // namespace

at::Device parse_device(const std::string& text, int process) {
  if (text == "cpu") return at::kCPU;
  const auto number = card_number(text, process);
  if (!number) refuse(text, "is no device", "give cpu, cuda, or cuda:1 for the second card");
  if (*number >= cards()) refuse(text, "is not here", "this LibTorch can use " + devices_here());
  return {at::kCUDA, static_cast<c10::DeviceIndex>(*number)};
}

std::string devices_here() {
  const std::int64_t count = cards();
  if (count == 0) return "cpu only";
  return "cpu and cuda (" + std::to_string(count) + (count == 1 ? " card)" : " cards)");
}

Model on_device(const Model& model, at::Device device) {
  if (device.is_cpu()) return model;
  Model there = model;
  there.embedding = moved(model.embedding, device);
  there.final_norm = moved(model.final_norm, device);
  there.held_head = moved(model.held_head, device);
  const bool tied = model.head.is_same(model.embedding);
  if (!model.held_head.defined()) there.head = tied ? there.embedding : moved(model.head, device);
  for (Layer& layer : there.layers) {
    for (auto* norm : {&layer.input_norm, &layer.post_attn_norm, &layer.q_norm, &layer.k_norm})
      *norm = moved(*norm, device);
    for (const Projection projection : all_projections) {
      Linear& linear = layer.projection(projection);
      linear.bias = moved(linear.bias, device);
      if (linear.held.defined())
        linear.held = moved(linear.held, device);
      else
        linear.weight = moved(linear.weight, device);
    }
  }
  return there;
}

}  // namespace edgefuse::llm
