#include "data/plain_text.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "sim/error.hpp"
#include "sim/input_file.hpp"

namespace edgefuse::data {
namespace {

struct Paragraph {
  int line = 0;
  std::string text;  // its lines, joined by '\n', none at the end
};

std::vector<Paragraph> paragraphs_of(std::string_view text) {
  std::vector<Paragraph> paragraphs;
  bool inside = false;
  for (int number = 1; !text.empty(); ++number) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool blank = line.find_first_not_of(" \t") == line.npos;
    if (blank) {
      inside = false;
    } else if (inside) {
      paragraphs.back().text += '\n';
      paragraphs.back().text += line;
    } else {
      paragraphs.push_back({number, std::string{line}});
      inside = true;
    }
  }
  return paragraphs;
}

/// Joins each example to the last one of its domain while that one is too short; a domain's short rest joins the piece
/// before it.
std::vector<Example> joined(std::vector<Example> examples, std::size_t minimum_bytes) {
  if (minimum_bytes == 0) return examples;
  std::map<std::string, std::vector<Example>> pieces;
  std::vector<std::string> order;
  for (auto& example : examples) {
    auto& of_domain = pieces[example.domain];
    if (of_domain.empty()) order.push_back(example.domain);
    if (!of_domain.empty() && of_domain.back().answer.size() < minimum_bytes)
      of_domain.back().answer += "\n\n" + example.answer;
    else
      of_domain.push_back(std::move(example));
  }
  std::vector<Example> result;
  for (const auto& domain : order) {
    auto& of_domain = pieces[domain];
    if (of_domain.size() > 1 && of_domain.back().answer.size() < minimum_bytes) {
      auto rest = std::move(of_domain.back().answer);
      of_domain.pop_back();
      of_domain.back().answer += "\n\n" + rest;
    }
    std::ranges::move(of_domain, std::back_inserter(result));
  }
  return result;
}

void require_some(const std::vector<Example>& examples, const std::filesystem::path& file) {
  if (examples.empty())
    throw InputError{{.file = file.string(), .problem = "holds no text", .remedy = "give at least one paragraph"}};
}

}  // namespace

std::vector<Example> read_paragraphs(const std::filesystem::path& file, const std::string& domain,
                                     const PlainTextOptions& options) {
  std::vector<Example> examples;
  for (auto& paragraph : paragraphs_of(read_text_file(file)))
    examples.push_back({.domain = domain, .prompt = "", .answer = std::move(paragraph.text)});
  require_some(examples, file);
  return joined(std::move(examples), options.minimum_bytes);
}

std::vector<Example> read_speakers(const std::filesystem::path& file, const PlainTextOptions& options) {
  std::vector<Example> examples;
  std::vector<Mistake> mistakes;
  for (const auto& paragraph : paragraphs_of(read_text_file(file))) {
    const auto name_end = std::min(paragraph.text.find('\n'), paragraph.text.size());
    const auto name = std::string_view{paragraph.text}.substr(0, name_end);
    if (name.size() < 2 || !name.ends_with(':')) {
      mistakes.push_back({.file = file.string(),
                          .line = paragraph.line,
                          .problem = "a paragraph without a speaker",
                          .remedy = "begin it with a line \"NAME:\", or read the file as paragraphs"});
      continue;
    }
    if (name_end == paragraph.text.size()) continue;
    examples.push_back({.domain = std::string{name.substr(0, name.size() - 1)},
                        .prompt = "",
                        .answer = paragraph.text.substr(name_end + 1)});
  }
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};
  require_some(examples, file);
  return joined(std::move(examples), options.minimum_bytes);
}

}  // namespace edgefuse::data
