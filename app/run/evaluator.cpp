#include "app/run/evaluator.hpp"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "app/longest_text.hpp"
#include "app/run/example_encoder.hpp"
#include "data/metric_names.hpp"
#include "llm/device.hpp"
#include "sim/mistakes.hpp"

namespace edgefuse::app {
namespace {

namespace metric = data::metric;
constexpr double not_measured = std::numeric_limits<double>::quiet_NaN();

/// Runs `encode`. What is wrong with the tokenizer is the base's fault, all else that of the benchmark's own key.
template <class Encode>
auto encoded(const scenarios::Scenario& scenario, const std::string& key, const Encode& encode) {
  try {
    return encode();
  } catch (const InputError& error) {
    std::vector<Mistake> mistakes;
    for (const auto& m : error.mistakes())
      mistakes.push_back(m.key == "tokenizer"
                             ? scenario.source.mistake("base.model", "its tokenizer " + m.problem, m.remedy)
                             : scenario.source.mistake(key, m.problem, m.remedy));
    throw InputError{std::move(mistakes)};
  }
}

results::EvaluationRow row_of(std::int64_t round, const std::string& model, server::Score score) {
  return {.round = round,
          .model = model,
          .metric = std::move(score.metric),
          .domain = std::move(score.domain),
          .value = score.value,
          .low = score.low,
          .high = score.high,
          .n = score.n,
          .chance = score.chance.value_or(not_measured)};
}

results::EvaluationRow row_without_figure(std::int64_t round, const std::string& model, std::string_view metric) {
  return {.round = round,
          .model = model,
          .metric = std::string{metric},
          .domain = std::string{server::all_domains},
          .value = not_measured,
          .low = not_measured,
          .high = not_measured,
          .n = 0,
          .chance = not_measured};
}

nlohmann::json to_json(const results::EvaluationRow& row) {
  return {row.round, row.model, row.metric, row.domain, row.value, row.low, row.high, row.n, row.chance};
}

results::EvaluationRow row_from(const nlohmann::json& packed) {
  results::EvaluationRow row;
  packed[0].get_to(row.round);
  packed[1].get_to(row.model);
  packed[2].get_to(row.metric);
  packed[3].get_to(row.domain);
  packed[4].get_to(row.value);
  packed[5].get_to(row.low);
  packed[6].get_to(row.high);
  packed[7].get_to(row.n);
  packed[8].get_to(row.chance);
  return row;
}

/// A judgement as it travels between the processes of a crew.
std::string pack(const Judgement& judgement) {
  auto rows = nlohmann::json::array();
  for (const auto& row : judgement.rows)
    rows.push_back(to_json(row));
  const auto bytes = nlohmann::json::to_cbor(nlohmann::json::array({rows, judgement.failures}));
  return {bytes.begin(), bytes.end()};
}

void unpack_into(Judgement& all, const std::string& bytes) {
  const auto packed = nlohmann::json::from_cbor(bytes);
  for (const auto& row : packed[0])
    all.rows.push_back(row_from(row));
  for (const auto& failure : packed[1])
    all.failures.push_back(failure.get<std::string>());
}

}  // namespace

Evaluator::Evaluator(const scenarios::Scenario& scenario, const Corpus& corpus, const llm::Tokenizer& tokenizer,
                     const llm::ModelConfig& config) {
  bootstrap_.seed = scenario.seed;
  const auto most = longest_text(config);
  Mistakes mistakes;
  if (!corpus.questions.empty())
    questions_ = mistakes.attempt([&] {
      return encoded(scenario, "evaluation.questions",
                     [&] { return server::encode(corpus.questions, tokenizer, most); });
    });
  if (!corpus.composites.empty())
    composites_ = mistakes.attempt([&] {
      return encoded(scenario, "evaluation.composites",
                     [&] { return server::encode(corpus.composites, tokenizer, most); });
    });
  if (scenario.evaluation.held_out_loss) mistakes.attempt([&] { encode_held_out(scenario, corpus, tokenizer); });
  mistakes.finish();
}

void Evaluator::encode_held_out(const scenarios::Scenario& scenario, const Corpus& corpus,
                                const llm::Tokenizer& tokenizer) {
  ExampleEncoder encoder{scenario, tokenizer};
  auto& held_out = held_out_.emplace();
  for (const auto& example : corpus.held_out) {
    auto sequence = encoder.encode(example);
    if (!sequence) continue;
    held_out.sequences.push_back(std::move(*sequence));
    held_out.domains.push_back(example.domain);
  }
  dropped_ = encoder.dropped();
  if (held_out.sequences.empty())
    throw InputError{scenario.source.mistake(
        "evaluation.held_out_loss",
        fmt::format("{} examples are held out, and none leaves anything to predict", corpus.held_out.size()),
        "use more data: a domain's only example is never held out")};
}

Judgement Evaluator::judge(std::int64_t round, const Subject& subject, at::Device device) const {
  Judgement judgement;
  const auto model = llm::on_device(subject.make(), device);
  const auto measure = [&](const auto& benchmark, std::initializer_list<std::string_view> metrics) {
    if (!benchmark) return;
    try {
      for (auto& score : server::score(model, *benchmark, nullptr, bootstrap_))
        judgement.rows.push_back(row_of(round, subject.name, std::move(score)));
    } catch (const RunError& error) {
      for (const auto name : metrics)
        judgement.rows.push_back(row_without_figure(round, subject.name, name));
      judgement.failures.push_back(
          fmt::format("{} has no {}: {}", subject.name, fmt::join(metrics, ", "), error.what()));
    }
  };
  measure(questions_, {metric::accuracy});
  measure(composites_, {metric::composite_all, metric::composite_each, metric::composition_gap});
  measure(held_out_, {metric::loss});
  return judgement;
}

Judgement Evaluator::evaluate(std::int64_t round, std::span<const Subject> subjects, const llm::Crew& crew) const {
  const auto done =
      llm::divide(crew, subjects.size(), [&](std::size_t i) { return pack(judge(round, subjects[i], crew.device)); });
  Judgement all;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    if (done[i].failed) throw RunError{fmt::format("evaluating {}: {}", subjects[i].name, done[i].error)};
    unpack_into(all, done[i].bytes);
  }
  return all;
}

}  // namespace edgefuse::app
