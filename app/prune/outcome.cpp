#include "app/prune/outcome.hpp"

#include <ATen/ATen.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/public_text.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {
namespace {

std::int64_t size(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.numel() : 0;
}

/// In matrices of one shape: where the base has something and the variant has nothing.
std::int64_t masked(const at::Tensor& base, const at::Tensor& variant) {
  if (base.sizes() != variant.sizes()) return 0;
  return at::count_nonzero(base.ne(0) & variant.eq(0)).item<std::int64_t>();
}

std::int64_t parameters(const llm::Layer& layer, const llm::Layer& base) {
  std::int64_t sum = 0;
  for (const auto* norm : {&layer.input_norm, &layer.post_attn_norm, &layer.q_norm, &layer.k_norm})
    sum += size(*norm);
  for (const auto p : llm::all_projections) {
    const auto& linear = layer.projection(p);
    sum += size(linear.weight) + size(linear.bias) - masked(base.projection(p).weight, linear.weight);
  }
  return sum;
}

std::int64_t parameters(const llm::Model& model, const llm::Model& base) {
  std::int64_t sum = size(model.embedding) + size(model.final_norm);
  if (!model.config.tied_head) sum += size(model.head);
  for (std::size_t l = 0; l < model.layers.size(); ++l)
    sum += parameters(model.layers[l], base.layers[l]);
  return sum;
}

double share_gone(const Change<std::int64_t>& change) {
  return 1 - static_cast<double>(change.after) / static_cast<double>(change.before);
}

}  // namespace

PruningOutcome compare(const llm::Model& base, const llm::Model& variant, const llm::PruningRecord& record,
                       const llm::Calibration& held_out) {
  PruningOutcome outcome{.record = record,
                         .parameters = {.before = parameters(base, base), .after = parameters(variant, base)},
                         .layers = {},
                         .perplexity = {}};
  for (std::size_t l = 0; l < base.layers.size(); ++l)
    outcome.layers.push_back(
        {.before = parameters(base.layers[l], base.layers[l]), .after = parameters(variant.layers[l], base.layers[l])});
  if (!held_out.empty()) {
    outcome.perplexity = {.before = perplexity(base, held_out), .after = perplexity(variant, held_out)};
    for (const auto& text : held_out.texts)
      outcome.tokens += std::ssize(text) - 1;
  }
  return outcome;
}

nlohmann::ordered_json json_of(const PruningOutcome& outcome, const std::string& out) {
  using json = nlohmann::ordered_json;
  json layers = json::array();
  for (std::size_t l = 0; l < outcome.layers.size(); ++l)
    layers.push_back({{"layer", l},
                      {"kv_heads", outcome.record.layers[l].kv_heads},
                      {"neurons", outcome.record.layers[l].neurons},
                      {"parameters_before", outcome.layers[l].before},
                      {"parameters_after", outcome.layers[l].after}});
  json object = {{"method", outcome.record.method},
                 {"ratio", outcome.record.ratio},
                 {"parameters_before", outcome.parameters.before},
                 {"parameters_after", outcome.parameters.after},
                 {"perplexity_before", nullptr},
                 {"perplexity_after", nullptr},
                 {"perplexity_tokens", outcome.tokens},
                 {"layers", std::move(layers)},
                 {"out", out}};
  if (outcome.perplexity) {
    object["perplexity_before"] = outcome.perplexity->before;
    object["perplexity_after"] = outcome.perplexity->after;
  }
  return object;
}

std::string text_of(const PruningOutcome& outcome) {
  std::string text = fmt::format("{} at ratio {}\n  layer  KV heads  neurons   parameters        left      gone\n",
                                 outcome.record.method, outcome.record.ratio);
  for (std::size_t l = 0; l < outcome.layers.size(); ++l) {
    const auto& layer = outcome.layers[l];
    text += fmt::format("{:7}  {:8}  {:7}  {:11}  {:10}  {:6.1f} %\n", l, outcome.record.layers[l].kv_heads.size(),
                        outcome.record.layers[l].neurons.size(), layer.before, layer.after, 100 * share_gone(layer));
  }
  text += fmt::format("  model                     {:11}  {:10}  {:6.1f} %\n", outcome.parameters.before,
                      outcome.parameters.after, 100 * share_gone(outcome.parameters));
  if (outcome.perplexity)
    text += fmt::format("perplexity {:.3f} before, {:.3f} after, on {} tokens kept aside\n", outcome.perplexity->before,
                        outcome.perplexity->after, outcome.tokens);
  return text;
}

void require_unpruned(const llm::ModelConfig& config, const std::filesystem::path& folder) {
  constexpr const char* remedy = "give the base it was pruned from";
  if (!config.layer_widths.empty())
    throw InputError{Mistake{.file = (folder / "config.json").string(),
                             .key = "edgefuse_layers",
                             .problem = "the model is already pruned, each layer to widths of its own",
                             .remedy = remedy}};
  if (const auto record = folder / llm::pruning_record_name; std::filesystem::exists(record))
    throw InputError{
        Mistake{.file = record.string(), .problem = "says that the model is already pruned", .remedy = remedy}};
}

}  // namespace edgefuse::app
