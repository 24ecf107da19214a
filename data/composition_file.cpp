#include "data/composition_file.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/error.hpp"
#include "sim/input_file.hpp"
#include "sim/output_file.hpp"

namespace edgefuse::data {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view format_name = "edgefuse-mmlu-cd";
constexpr int format_version = 1;

std::string letters(std::span<const int> answers) {
  std::string text;
  for (const int answer : answers)
    text += letter_of(answer);
  return text;
}

ordered_json manifest(const Composition& composition) {
  std::set<std::string> domains;
  for (const auto& instance : composition.instances)
    for (const auto& part : instance.parts)
      domains.insert(part.domain);
  return {{"format", format_name},      {"version", format_version},          {"source", composition.source},
          {"k", composition.options.k}, {"count", composition.options.count}, {"seed", composition.options.seed},
          {"domains", domains}};
}

ordered_json to_json(const CompositeQuestion& instance) {
  auto parts = ordered_json::array();
  for (const auto& part : instance.parts)
    parts.push_back({{"id", part.id},
                     {"domain", part.domain},
                     {"subject", part.subject},
                     {"text", part.text},
                     {"choices", part.choices},
                     {"answer", std::string{part.letter()}}});
  return {{"id", instance.id},
          {"answers", letters(instance.answers())},
          {"prompt", composite_prompt(instance)},
          {"questions", std::move(parts)}};
}

/// One line of the file, whose faults are InputErrors that name it.
class Line {
 public:
  Line(const std::filesystem::path& file, int number, std::string_view text) : file_{file}, number_{number} {
    value_ = ordered_json::parse(text, nullptr, false);
    if (!value_.is_object()) fail("", "not a JSON object", "use a file that edgefuse compose wrote");
  }
  [[noreturn]] void fail(std::string key, std::string problem, std::string remedy) const {
    throw InputError{{file_.string(), number_, std::move(key), std::move(problem), std::move(remedy)}};
  }
  template <class T>
  [[nodiscard]] T get(const char* key) const {
    return get<T>(value_, key);
  }
  template <class T>
  [[nodiscard]] T get(const ordered_json& object, const char* key) const {
    try {
      return object.at(key).get<T>();
    } catch (const nlohmann::json::exception&) {
      fail(key, "missing or of the wrong type", "use a file that edgefuse compose wrote");
    }
  }

 private:
  const std::filesystem::path& file_;
  int number_;
  ordered_json value_;
};

Question read_part(const Line& line, const ordered_json& part) {
  Question question{.id = line.get<std::string>(part, "id"),
                    .domain = line.get<std::string>(part, "domain"),
                    .text = line.get<std::string>(part, "text"),
                    .choices = line.get<std::array<std::string, 4>>(part, "choices"),
                    .subject = line.get<std::string>(part, "subject")};
  if (part.at("choices").size() != question.choices.size())
    line.fail("choices", fmt::format("{} choices", part.at("choices").size()), "give 4");
  const auto answer = line.get<std::string>(part, "answer");
  if (answer.size() != 1 || answer[0] < 'A' || answer[0] > 'D')
    line.fail("answer", fmt::format("\"{}\"", answer), "use A, B, C or D");
  question.answer = answer[0] - 'A';
  return question;
}

CompositeQuestion read_instance(const Line& line, std::int64_t k) {
  CompositeQuestion instance{.id = line.get<std::string>("id"), .parts = {}};
  std::set<std::string> domains;
  for (const auto& part : line.get<std::vector<ordered_json>>("questions")) {
    instance.parts.push_back(read_part(line, part));
    domains.insert(instance.parts.back().domain);
  }
  if (std::ssize(instance.parts) != k || std::ssize(domains) != k)
    line.fail("questions", fmt::format("{} questions of {} domains", instance.parts.size(), domains.size()),
              fmt::format("the manifest promises {} of distinct domains", k));
  if (line.get<std::string>("prompt") != composite_prompt(instance))
    line.fail("prompt", "is not the one its questions give", "compose the file again");
  return instance;
}

Composition read_manifest(const Line& line) {
  if (line.get<std::string>("format") != format_name)
    line.fail("format", "not a composed benchmark", "use a file that edgefuse compose wrote");
  if (const int version = line.get<int>("version"); version != format_version)
    line.fail("version", fmt::format("{}", version), fmt::format("this program reads version {}", format_version));
  Composition composition{.source = line.get<std::string>("source"), .options = {}, .instances = {}};
  composition.options = {line.get<std::int64_t>("k"), line.get<std::int64_t>("count"), line.get<std::uint64_t>("seed")};
  if (composition.options.k < 1) line.fail("k", fmt::format("{}", composition.options.k), "use 1 or more");
  return composition;
}

}  // namespace

void write_composition(const Composition& composition, const std::filesystem::path& file) {
  auto text = manifest(composition).dump() + '\n';
  for (const auto& instance : composition.instances)
    text += to_json(instance).dump() + '\n';
  write_text_file(file, text);
}

Composition read_composition(const std::filesystem::path& file) {
  const auto text = read_text_file(file);
  Composition composition;
  std::string_view rest = text;
  for (int number = 1; !rest.empty(); ++number) {
    const auto bytes = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(bytes.size() + 1, rest.size()));
    const Line line{file, number, bytes};
    if (number == 1)
      composition = read_manifest(line);
    else
      composition.instances.push_back(read_instance(line, composition.options.k));
  }
  if (std::ssize(composition.instances) != composition.options.count)
    throw InputError{{.file = file.string(),
                      .key = "count",
                      .problem = fmt::format("the manifest promises {} instances, the file holds {}",
                                             composition.options.count, composition.instances.size()),
                      .remedy = "the file is cut off: compose it again"}};
  return composition;
}

}  // namespace edgefuse::data
