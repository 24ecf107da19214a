#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <boost/program_options/variables_map.hpp>

#include "llm/held_weight.hpp"
#include "llm/model.hpp"
#include "llm/module_id.hpp"
#include "sim/error.hpp"
#include "sim/parameters.hpp"

namespace edgefuse::app {

/// The values of a command's options, and all that is wrong with them: a command checks them one by one and throws
/// every mistake at once.
class OptionValues {
 public:
  explicit OptionValues(const boost::program_options::variables_map& values) : values_{values} {}

  /// Named on the command line, not just by its default.
  [[nodiscard]] bool given(const char* name) const { return values_.count(name) != 0 && !values_[name].defaulted(); }
  template <class T>
  [[nodiscard]] const T& get(const char* name) const {
    return values_[name].as<T>();
  }
  [[nodiscard]] std::string text(const char* name) const { return get<std::string>(name); }

  void note(const std::string& name, std::string problem, std::string remedy);
  /// A whole number or a double, where the option has a value at all.
  void require_above(const char* name, double limit);
  /// A whole number.
  void require_at_most(const char* name, std::int64_t limit);
  /// The place among `words` of what the option holds; another word is noted, and 0 returned.
  std::size_t choice(const char* name, std::initializer_list<std::string_view> words);
  /// A number from 0 to below 1.
  double share(const char* name);
  /// A list of projections such as "q,v", in enum order.
  std::vector<llm::Projection> projections(const char* name);

  /// A list such as "a,b,c".
  [[nodiscard]] std::vector<std::string> words(const char* name) const;
  /// A list of numbers such as "0.5,0.3,-0.2".
  std::vector<double> numbers(const char* name);

  /// A folder that can be written to, or made: a command fails before its work rather than after it.
  void require_new_folder(const char* name);
  /// Notes a folder to write to that is the one `source` reads, if that is given.
  void require_apart(const char* name, const char* source);
  /// A method's parameters as an option that may be repeated holds them, each "name=value": a number, true, false, or
  /// else a word.
  Parameters settings(const char* name);

  /// "fp32" or "bf16".
  llm::Precision precision(const char* name);
  /// How the frozen base is held: "exact", "int8" or "nf4".
  llm::Quantisation quantisation(const char* name);
  /// Where to train. Throws InputError at once; a card does not go with recomputation.
  at::Device device(const char* name, bool recompute, int process = 0);

  /// Throws InputError when anything was noted.
  void throw_mistakes() const;

 private:
  const boost::program_options::variables_map& values_;
  std::vector<Mistake> mistakes_;
};

inline constexpr const char* device_help = "where to train and evaluate: cpu, cuda, or cuda:1 for the second card";

// As a scenario's adapter.rank, training.batch and accumulation, and training.epochs.
inline constexpr std::int64_t most_rank = 4096;
inline constexpr std::int64_t most_texts = 65'536;
inline constexpr std::int64_t most_epochs = 100'000;

/// The value of --threads, from 1 to 1024. Throws InputError.
[[nodiscard]] unsigned thread_count(const boost::program_options::variables_map& values);

}  // namespace edgefuse::app
