#include "app/logits_command.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <boost/program_options.hpp>
#include <nlohmann/json.hpp>

#include "llm/adapter.hpp"
#include "llm/model.hpp"
#include "llm/reference.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {
namespace {

namespace po = boost::program_options;
using nlohmann::json;

constexpr Usage usage = {
    "edgefuse logits --model DIR --tokens IDS [--adapter DIR] [--json]",
    "Computes what a model predicts after a sequence of tokens, and how well it predicted each of them.",
    "edgefuse logits --model data/models/atlas-base --tokens 1,15,72 --json"};
constexpr std::int64_t most_shown = 10;

std::vector<std::int64_t> parse_tokens(const std::string& text) {
  std::vector<std::int64_t> tokens;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    std::int64_t token = 0;
    const auto [stop, error] = std::from_chars(at, end, token);
    if (error != std::errc{} || token < 0 || (stop != end && *stop != ',')) {
      throw InputError{Mistake{.key = "--tokens",
                               .problem = fmt::format("\"{}\" is no list of token ids", text),
                               .remedy = "separate whole numbers from 0 up by commas: 1,15,72"}};
    }
    tokens.push_back(token);
    if (stop == end) return tokens;
    at = stop + 1;
  }
}

struct Prediction {
  at::Tensor logits;        // of the last position, [vocabulary]
  std::vector<double> nll;  // of each token after the first, given those before it
};

Prediction predict(const llm::Model& model, const llm::Adapter* adapter, const std::vector<std::int64_t>& tokens) {
  const at::NoGradGuard no_grad;
  const at::Tensor logits = llm::reference_logits(model, adapter, at::tensor(tokens).unsqueeze(0))[0];
  Prediction prediction{logits[-1], {}};
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const at::Tensor row = logits[static_cast<std::int64_t>(i)].to(at::kDouble);
    prediction.nll.push_back((row.logsumexp(0) - row[tokens[i + 1]]).item<double>());
  }
  return prediction;
}

void print_json(const Prediction& prediction, std::ostream& out) {
  const at::Tensor logits = prediction.logits.contiguous();
  const float* first = logits.data_ptr<float>();
  out << json{{"logits", std::vector<float>(first, first + logits.numel())}, {"nll", prediction.nll}} << '\n';
}

void print_text(const Prediction& prediction, std::ostream& out) {
  const at::Tensor log_p = at::log_softmax(prediction.logits.to(at::kDouble), 0);
  const auto [best, tokens] = log_p.topk(std::min(most_shown, log_p.size(0)));
  out << "most likely next tokens\n   token       logit  probability\n";
  for (std::int64_t i = 0; i < tokens.size(0); ++i) {
    const auto token = tokens[i].item<std::int64_t>();
    out << fmt::format("{:8}  {:10.5f}  {:11.7f}\n", token, prediction.logits[token].item<double>(),
                       std::exp(best[i].item<double>()));
  }
  if (prediction.nll.empty()) return;
  double sum = 0;
  for (const double nll : prediction.nll)
    sum += nll;
  out << fmt::format("mean negative log-likelihood of the {} tokens after the first: {:.6f}\n", prediction.nll.size(),
                     sum / static_cast<double>(prediction.nll.size()));
}

}  // namespace

int logits_command(const Arguments& arguments, Console console) {
  po::options_description options{"options"};
  options.add_options()("model", po::value<std::string>()->required(), "folder of the model")(
      "tokens", po::value<std::string>()->required(), "token ids, separated by commas")(
      "adapter", po::value<std::string>(), "folder of a LoRA adapter to put on it")(
      "json", po::bool_switch(), R"(print {"logits": [last position], "nll": [each token after the first]})")(
      "help", "print this help");
  const auto values = parse_options(usage, options, nullptr, arguments, console);
  if (!values) return 0;

  const auto tokens = parse_tokens((*values)["tokens"].as<std::string>());
  const llm::Model model = llm::load_model((*values)["model"].as<std::string>());
  std::optional<llm::Adapter> adapter;
  if (values->count("adapter") != 0) {
    const auto& folder = (*values)["adapter"].as<std::string>();
    adapter = llm::load_adapter(folder);
    llm::check_adapter_fits(*adapter, model, folder);
  }
  const Prediction prediction = predict(model, adapter ? &*adapter : nullptr, tokens);
  ((*values)["json"].as<bool>() ? print_json : print_text)(prediction, console.out);
  return 0;
}

}  // namespace edgefuse::app
