#include "sim/rate_trace_file.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "sim/error.hpp"
#include "sim/mistakes.hpp"

namespace edgefuse::sim {
namespace {

namespace fs = std::filesystem;

constexpr double most = 1e9;                // seconds are 31 years then, and Mbit/s beyond any link
constexpr auto bytes_per_second = 1e6 / 8;  // of 1 Mbit/s
constexpr std::string_view blanks = " \t\r";

bool is_trace(const fs::path& file) {
  const auto name = file.filename().string();
  return !name.starts_with("README") && !name.starts_with("LICENSE") && !name.starts_with('.');
}

std::vector<fs::path> files_below(const fs::path& folder, std::error_code& error) {
  std::vector<fs::path> files;
  for (auto at = fs::recursive_directory_iterator{folder, error}; !error && at != fs::recursive_directory_iterator{};
       at.increment(error))
    if (at->is_regular_file(error) && is_trace(at->path())) files.push_back(at->path());
  std::ranges::sort(files);
  return files;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (auto from = line.find_first_not_of(blanks); from != line.npos; from = line.find_first_not_of(blanks)) {
    line.remove_prefix(from);
    words.push_back(line.substr(0, line.find_first_of(blanks)));
    line.remove_prefix(words.back().size());
  }
  return words;
}

std::optional<double> number(std::string_view word) {
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (end != word.data() + word.size() || error == std::errc::invalid_argument) return std::nullopt;
  return error == std::errc{} ? value : std::numeric_limits<double>::infinity();
}

/// Reads one file line by line, noting mistakes instead of stopping at them.
class TraceReader {
 public:
  explicit TraceReader(const fs::path& file) : file_{file} {}

  std::vector<RateSample> read() {
    std::ifstream in{file_};
    for (std::string line; std::getline(in, line);) {
      ++line_;
      if (const auto words = words_of(line); !words.empty()) sample(words);
    }
    if (!in.is_open() || in.bad()) {
      complain(0, "cannot be read", "check its permissions");
    } else if (!mistakes_.any()) {
      judge();
    }
    mistakes_.finish();
    for (auto& s : samples_)
      s.at.nanoseconds -= first_;
    return std::move(samples_);
  }

 private:
  void complain(int line, std::string problem, std::string remedy) {
    mistakes_.add({.file = file_.string(), .line = line, .problem = std::move(problem), .remedy = std::move(remedy)});
  }

  void sample(const std::vector<std::string_view>& words) {
    const auto time = number(words.front());
    const auto rate = number(words.back());
    if (words.size() != 2 || !time || !rate)
      return complain(line_, "is not two numbers", "write seconds, a space or tab, and Mbit/s");
    const bool has_time = fits("time", words.front(), *time, "seconds");
    const bool has_rate = fits("rate", words.back(), *rate, "Mbit/s");
    if (!has_time || !has_rate) return;
    const SimTime at{std::llround(*time * 1e9)};
    if (samples_.empty()) first_ = at.nanoseconds;
    if (!samples_.empty() && at <= samples_.back().at)
      return complain(line_, fmt::format("the time {} does not rise", words.front()),
                      fmt::format("give one after {} s", samples_.back().at.since_start().value));
    const double bytes = *rate * bytes_per_second;
    samples_.push_back({at, BytesPerSecond{bytes < 1 ? 0 : bytes}});
  }

  bool fits(std::string_view what, std::string_view word, double value, std::string_view unit) {
    if (value >= 0 && value <= most) return true;
    complain(line_, fmt::format("the {} {} is not possible", what, word), fmt::format("give {} from 0 to 1e9", unit));
    return false;
  }

  void judge() {
    const auto stalled = [](const RateSample& s) { return s.rate.value == 0; };
    if (samples_.size() < 2) {
      complain(0, fmt::format("has {} sample{}", samples_.size(), samples_.size() == 1 ? "" : "s"),
               "a trace needs two at least");
    } else if (std::ranges::all_of(samples_, stalled)) {
      complain(0, "every rate is 0", "leave the file out, or give a rate of 8 bit/s or more");
    }
  }

  const fs::path& file_;
  Mistakes mistakes_;
  int line_ = 0;
  std::int64_t first_ = 0;
  std::vector<RateSample> samples_;
};

}  // namespace

std::vector<fs::path> rate_trace_files(const fs::path& path) {
  const auto refuse = [&](const char* problem, const char* remedy) {
    throw InputError{Mistake{.file = path.string(), .problem = problem, .remedy = remedy}};
  };
  std::error_code error;
  if (fs::is_regular_file(path, error)) return {path};
  if (!fs::exists(path, error)) refuse("no such file or folder", "check the path");
  auto files = files_below(path, error);
  if (error) refuse("cannot be read", "name a file or a folder that you may read");
  if (files.empty()) refuse("holds no traces", "put files with lines of seconds and Mbit/s there");
  return files;
}

std::vector<RateSample> read_rate_trace(const fs::path& file) {
  return TraceReader{file}.read();
}

}  // namespace edgefuse::sim
