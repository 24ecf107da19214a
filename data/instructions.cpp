#include "data/instructions.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "data/source_names.hpp"
#include "sim/expects.hpp"
#include "sim/input_file.hpp"
#include "sim/mistakes.hpp"

namespace edgefuse::data {
namespace {

using nlohmann::json;

struct Row {
  int line;
  json value;
};

[[noreturn]] void invalid_json(const std::filesystem::path& file, int line, std::string_view reason) {
  // nlohmann's text is "[json.exception.KIND] ", often "... - ", then what is wrong.
  for (const std::string_view end : {"] ", " - "})
    if (const auto at = reason.find(end); at != reason.npos) reason.remove_prefix(at + end.size());
  throw InputError{{.file = file.string(),
                    .line = line,
                    .problem = fmt::format("invalid JSON: {}", reason),
                    .remedy = "write a list of objects, or one object a line"}};
}

/// Reads through a text and knows the line of the character it gave last, because nlohmann's values do not say where
/// they came from.
class Cursor {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor(const std::string& text, std::size_t at, int* line) : text_{&text}, at_{at}, line_{line} {}
  reference operator*() const { return (*text_)[at_]; }
  Cursor& operator++() {
    // A break counts when the character after it is taken: the parser looks one character ahead after a number.
    if (at_ > 0 && (*text_)[at_ - 1] == '\n') ++*line_;
    ++at_;
    return *this;
  }
  bool operator==(const Cursor& other) const { return at_ == other.at_; }

 private:
  const std::string* text_;
  std::size_t at_;
  int* line_;
};

std::vector<Row> rows_of_list(const std::string& text, const std::filesystem::path& file) {
  int line = 1;
  std::vector<int> lines;
  const auto note_line = [&](int depth, json::parse_event_t event, json&) {
    using enum json::parse_event_t;
    if (depth == 1 && (event == object_start || event == array_start || event == value)) lines.push_back(line);
    return true;
  };
  json list;
  try {
    list = json::parse(Cursor{text, 0, &line}, Cursor{text, text.size(), &line}, note_line);
  } catch (const json::exception& error) {  // out_of_range too, for a number such as 1e999
    invalid_json(file, line, error.what());
  }
  std::vector<Row> rows;
  for (std::size_t i = 0; i < list.size(); ++i)
    rows.push_back({lines[i], std::move(list[i])});
  return rows;
}

std::vector<Row> rows_of_lines(const std::string& text, const std::filesystem::path& file) {
  std::vector<Row> rows;
  std::string_view rest = text;
  for (int number = 1; !rest.empty(); ++number) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    try {
      rows.push_back({number, json::parse(line)});
    } catch (const json::exception& error) {  // out_of_range too, for a number such as 1e999
      invalid_json(file, number, error.what());
    }
  }
  return rows;
}

enum class Need : bool { optional, required };

/// The text of one field; what is wrong with it goes to `mistakes`.
std::string field(const Row& row, const char* key, Need need, const std::filesystem::path& file,
                  std::vector<Mistake>& mistakes) {
  const auto complain = [&](std::string problem, std::string remedy) {
    mistakes.push_back({.file = file.string(),
                        .line = row.line,
                        .key = key,
                        .problem = std::move(problem),
                        .remedy = std::move(remedy)});
    return std::string{};
  };
  const auto found = row.value.find(key);
  if (found == row.value.end() || found->is_null())
    return need == Need::optional ? std::string{} : complain("missing", "every row needs one");
  if (!found->is_string()) return complain(fmt::format("a {}", found->type_name()), "give a text in quotes");
  auto text = found->get<std::string>();
  if (need == Need::required && text.find_first_not_of(" \t\r\n") == text.npos)
    return complain("empty", "every row needs one");
  return text;
}

}  // namespace

std::vector<Instruction> read_instructions(const std::filesystem::path& file) {
  const auto text = read_text_file(file);
  const auto first = text.find_first_not_of(" \t\r\n");
  const bool is_list = first != text.npos && text[first] == '[';
  const auto rows = is_list ? rows_of_list(text, file) : rows_of_lines(text, file);

  std::vector<Instruction> instructions;
  std::vector<Mistake> mistakes;
  for (const auto& row : rows) {
    if (!row.value.is_object()) {
      mistakes.push_back({.file = file.string(),
                          .line = row.line,
                          .problem = fmt::format("a {} instead of an object", row.value.type_name()),
                          .remedy = R"(write {"instruction": ..., "response": ...})"});
      continue;
    }
    instructions.push_back({.instruction = field(row, "instruction", Need::required, file, mistakes),
                            .context = field(row, "context", Need::optional, file, mistakes),
                            .response = field(row, "response", Need::required, file, mistakes),
                            .category = field(row, "category", Need::optional, file, mistakes)});
    if (instructions.back().category.empty()) instructions.back().category = "uncategorised";
  }
  if (rows.empty())
    mistakes.push_back({.file = file.string(), .problem = "holds no rows", .remedy = "give at least one example"});
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};
  return instructions;
}

Example as_example(const Instruction& instruction, PromptFormat format) {
  const bool has_context = !instruction.context.empty();
  switch (format) {
    case PromptFormat::headings: {
      auto prompt = fmt::format("### Instruction:\n{}\n\n", instruction.instruction);
      if (has_context) prompt += fmt::format("### Input:\n{}\n\n", instruction.context);
      return {instruction.category, prompt + "### Response:\n", instruction.response};
    }
    case PromptFormat::chatml: {
      auto prompt = "<|im_start|>user\n" + instruction.instruction;
      if (has_context) prompt += "\n" + instruction.context;
      return {instruction.category, prompt + "<|im_end|>\n<|im_start|>assistant\n",
              instruction.response + "<|im_end|>"};
    }
  }
  EDGEFUSE_EXPECTS(false, "a format is one of its enumerators");
  return {};
}

SourcedExamples read_instruction_files(std::span<const std::filesystem::path> files, PromptFormat format) {
  const auto names = source_names(files);
  SourcedExamples all;
  Mistakes mistakes;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto instructions = mistakes.attempt([&] { return read_instructions(files[i]); });
    if (!instructions) continue;
    for (const auto& instruction : *instructions) {
      all.examples.push_back(as_example(instruction, format));
      all.sources.push_back(names[i]);
    }
  }
  mistakes.finish();
  return all;
}

}  // namespace edgefuse::data
