#include "app/training_examples.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "data/instructions.hpp"
#include "data/question.hpp"
#include "llm/safetensors.hpp"
#include "sim/error.hpp"
#include "sim/input_file.hpp"

namespace edgefuse::app {
namespace {

using nlohmann::json;

/// One example and the line it came from; 0 where a list gives none.
struct Sourced {
  data::Example example;
  int line = 0;
  bool ends = true;  // with EOS
};

constexpr const char* shapes = R"(write {"prompt", "answer"}, {"text"} or {"instruction", "response"} on each line)";

/// Reads lines one by one and remembers what was wrong with them.
class LineReader {
 public:
  explicit LineReader(std::filesystem::path file) : file_{std::move(file)} {}

  void read(std::string_view line, int number) {
    line_ = number;
    const json row = json::parse(line, nullptr, false);
    if (row.is_discarded() || !row.is_object()) {
      note({}, row.is_discarded() ? "is no JSON" : "is no JSON object", shapes);
    } else if (row.contains("prompt")) {
      add({{}, text(row, "prompt"), text(row, "answer")}, true);
    } else if (row.contains("text")) {
      add({{}, {}, text(row, "text")}, false);
    } else if (row.contains("instruction")) {
      const std::string context = row.contains("context") && !row["context"].is_null() ? text(row, "context") : "";
      add(data::as_example(data::Instruction{text(row, "instruction"), context, text(row, "response"), {}}), true);
    } else {
      note({}, "has none of the fields \"prompt\", \"text\" and \"instruction\"", shapes);
    }
  }

  std::vector<Sourced> take() {
    if (!mistakes_.empty()) throw InputError{std::move(mistakes_)};
    return std::move(rows_);
  }

 private:
  void add(data::Example example, bool ends) { rows_.push_back({std::move(example), line_, ends}); }

  std::string text(const json& row, const char* key) {
    const auto found = row.find(key);
    if (found != row.end() && found->is_string()) return found->get<std::string>();
    note(key, found == row.end() ? "is missing" : "is no text", shapes);
    return {};
  }

  void note(std::string key, std::string problem, std::string remedy) {
    mistakes_.push_back({file_.string(), line_, std::move(key), std::move(problem), std::move(remedy)});
  }

  std::filesystem::path file_;
  int line_ = 0;
  std::vector<Sourced> rows_;
  std::vector<Mistake> mistakes_;
};

std::vector<Sourced> read_lines(std::string_view text, const std::filesystem::path& file) {
  LineReader reader{file};
  for (int number = 1; !text.empty(); ++number) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.find_first_not_of(" \t\r") != line.npos) reader.read(line, number);
  }
  return reader.take();
}

std::vector<Sourced> read_examples(const std::filesystem::path& file) {
  const std::string text = read_text_file(file);
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos || text[first] != '[') return read_lines(text, file);
  std::vector<Sourced> rows;
  for (const auto& instruction : data::read_instructions(file))
    rows.push_back({data::as_example(instruction), 0, true});
  return rows;
}

/// A tensor of the batches file, int64 with three dimensions; what is wrong goes to `mistakes`.
at::Tensor read_slices(const llm::SafetensorsFile& file, const char* name, std::vector<Mistake>& mistakes) {
  const auto note = [&](std::string problem) {
    mistakes.push_back({file.path().string(), 0, name, std::move(problem),
                        "store int64 input_ids and labels [steps, batch, sequence], -100 where there is no label"});
    return at::Tensor{};
  };
  const auto found = file.entries().find(name);
  if (found == file.entries().end()) return note("is missing");
  if (found->second.dtype != at::kLong) return note("is not int64");
  if (found->second.shape.size() != 3) return note(fmt::format("has {} dimensions", found->second.shape.size()));
  const at::Tensor slices = file.read(name);
  return slices.numel() > 0 ? slices.contiguous() : note("is empty");
}

}  // namespace

std::vector<llm::Sequence> read_training_examples(const std::filesystem::path& file, const llm::Tokenizer& tokenizer,
                                                  const llm::ModelConfig& config, llm::LossOn loss,
                                                  std::int64_t max_tokens) {
  std::vector<llm::Sequence> sequences;
  std::vector<Mistake> mistakes;
  for (const auto& [example, line, ends] : read_examples(file)) {
    sequences.push_back(llm::encode_example(tokenizer, example.prompt, example.answer, loss, max_tokens,
                                            ends ? config.eos_token : std::nullopt));
    if (sequences.back().label_count() == 0)
      mistakes.push_back({file.string(), line, {}, "leaves nothing to predict", "give a longer answer or text"});
  }
  if (sequences.empty()) mistakes.push_back({file.string(), 0, {}, "holds no examples", shapes});
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};
  return sequences;
}

std::vector<llm::Batch> read_training_batches(const std::filesystem::path& file) {
  const llm::SafetensorsFile slices{file};
  std::vector<Mistake> mistakes;
  const at::Tensor ids = read_slices(slices, "input_ids", mistakes);
  const at::Tensor labels = read_slices(slices, "labels", mistakes);
  if (mistakes.empty() && ids.sizes() != labels.sizes())
    mistakes.push_back({file.string(), 0, "labels", "is of another shape than input_ids", "give every id its label"});
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};

  std::vector<llm::Batch> batches;
  const std::int64_t length = ids.size(2);
  const auto* id = ids.data_ptr<std::int64_t>();
  const auto* label = labels.data_ptr<std::int64_t>();
  for (std::int64_t step = 0; step < ids.size(0); ++step) {
    llm::Batch& batch = batches.emplace_back();
    for (std::int64_t row = 0; row < ids.size(1); ++row, id += length, label += length)
      batch.push_back({{id, id + length}, {label, label + length}});
  }
  return batches;
}

}  // namespace edgefuse::app
