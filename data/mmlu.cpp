#include "data/mmlu.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "sim/csv.hpp"
#include "sim/error.hpp"
#include "sim/input_file.hpp"

namespace edgefuse::data {
namespace {

constexpr std::array<std::string_view, 3> split_names = {"dev", "val", "test"};
constexpr std::array<std::string_view, 3> level_names = {"subject", "subcategory", "category"};

std::size_t index_of(std::string_view name, std::span<const std::string_view> names, std::string_view what) {
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const auto meant = nearest(name, names);
  throw InputError{{.key = std::string{name},
                    .problem = fmt::format("not {}", what),
                    .remedy = meant.empty() ? fmt::format("use one of {}", fmt::join(names, ", "))
                                            : fmt::format("did you mean {}?", meant)}};
}

/// Tab-separated: subject, subcategory, category, after one header line.
std::map<std::string, std::string> domains_of_subjects(const std::filesystem::path& table, DomainLevel level) {
  const auto text = read_text_file(table);
  std::map<std::string, std::string> domains;
  std::string_view rest = text;
  for (int number = 1; !rest.empty(); ++number) {
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (number == 1 || line.empty()) continue;
    std::vector<std::string> fields(1);
    for (const char c : line) {
      if (c == '\t')
        fields.emplace_back();
      else
        fields.back() += c;
    }
    if (fields.size() != 3)
      throw InputError{{.file = table.string(),
                        .line = number,
                        .problem = fmt::format("{} fields instead of 3", fields.size()),
                        .remedy = "separate subject, subcategory and category by one tab each"}};
    domains[fields[0]] = fields[static_cast<std::size_t>(level)];
  }
  return domains;
}

/// What is wrong with a row, if anything.
std::optional<Mistake> fault(const CsvRow& row, const std::filesystem::path& file) {
  Mistake mistake{.file = file.string(), .line = row.line};
  if (row.fields.size() != 6) {
    mistake.problem = fmt::format("{} fields instead of 6", row.fields.size());
    mistake.remedy = "give question, A, B, C, D and the answer's letter";
    return mistake;
  }
  const auto empty = std::ranges::find(row.fields, std::string{});
  if (empty != row.fields.end()) {
    mistake.problem = fmt::format("field {} is empty", empty - row.fields.begin() + 1);
    mistake.remedy = "give question, A, B, C, D and the answer's letter";
    return mistake;
  }
  const auto& answer = row.fields[5];
  if (answer.size() != 1 || answer[0] < 'A' || answer[0] > 'D') {
    mistake.problem = fmt::format("answer \"{}\"", answer);
    mistake.remedy = "use A, B, C or D";
    return mistake;
  }
  return std::nullopt;
}

struct Subject {
  std::string name;
  std::filesystem::path file;
};

std::vector<Subject> subjects_in(const std::filesystem::path& folder, std::string_view split) {
  const auto ending = fmt::format("_{}.csv", split);
  std::vector<Subject> subjects;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator{folder, failure}) {
    const auto name = entry.path().filename().string();
    if (name.ends_with(ending)) subjects.push_back({name.substr(0, name.size() - ending.size()), entry.path()});
  }
  if (subjects.empty())
    throw InputError{{.file = folder.string(),
                      .problem = failure ? "no such folder" : fmt::format("holds no file named SUBJECT{}", ending),
                      .remedy = "name the folder of MMLU that holds dev, val and test"}};
  std::ranges::sort(subjects, {}, &Subject::name);
  return subjects;
}

void read_subject(const Subject& subject, const std::string& domain, std::string_view split,
                  std::vector<Question>& questions, std::vector<Mistake>& mistakes) {
  int number = 0;
  for (auto& row : parse_csv(read_text_file(subject.file), subject.file)) {
    if (auto mistake = fault(row, subject.file)) {
      mistakes.push_back(std::move(*mistake));
      continue;
    }
    auto& f = row.fields;
    questions.push_back({.id = fmt::format("{}/{}/{}", subject.name, split, number++),
                         .domain = domain,
                         .text = std::move(f[0]),
                         .choices = {std::move(f[1]), std::move(f[2]), std::move(f[3]), std::move(f[4])},
                         .answer = f[5][0] - 'A',
                         .subject = subject.name});
  }
}

}  // namespace

std::string_view name_of(MmluSplit split) {
  return split_names[static_cast<std::size_t>(split)];
}
std::string_view name_of(DomainLevel level) {
  return level_names[static_cast<std::size_t>(level)];
}

MmluSplit parse_mmlu_split(std::string_view name) {
  return static_cast<MmluSplit>(index_of(name, split_names, "a split of MMLU"));
}
DomainLevel parse_domain_level(std::string_view name) {
  return static_cast<DomainLevel>(index_of(name, level_names, "a level of MMLU's domains"));
}

std::vector<Question> read_mmlu(const std::filesystem::path& folder, MmluSplit split, DomainLevel level) {
  const auto split_name = name_of(split);
  const auto subjects = subjects_in(folder / split_name, split_name);
  const auto table = folder / "subject_categories.tsv";
  std::map<std::string, std::string> domains;
  if (level != DomainLevel::subject) domains = domains_of_subjects(table, level);

  std::vector<Question> questions;
  std::vector<Mistake> mistakes;
  for (const auto& subject : subjects) {
    if (level != DomainLevel::subject && !domains.contains(subject.name)) {
      mistakes.push_back({.file = table.string(),
                          .key = subject.name,
                          .problem = fmt::format("has no {}", name_of(level)),
                          .remedy = "add a line for it, or use the level subject"});
      continue;
    }
    const auto& domain = level == DomainLevel::subject ? subject.name : domains.at(subject.name);
    read_subject(subject, domain, split_name, questions, mistakes);
  }
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};
  return questions;
}

}  // namespace edgefuse::data
