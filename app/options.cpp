#include <cstddef>
#include <ostream>

#include <fmt/format.h>
#include <boost/program_options.hpp>

#include "app/command.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {
namespace po = boost::program_options;
namespace {

void print_usage(const Usage& usage, const po::options_description& options, std::ostream& out) {
  out << "usage: " << usage.synopsis << "\n\n"
      << usage.description << "\n\n"
      << options << "\nexample:\n  " << usage.example << "\n";
}

/// The nearest known "--name" to an option nobody declared.
std::string remedy_for(const std::string& option, const po::options_description& options) {
  std::vector<std::string> names;
  for (const auto& known : options.options())
    names.push_back("--" + known->long_name());
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto meant = nearest(option, views);
  return meant.empty() ? "--help lists the options" : fmt::format("did you mean {}?", meant);
}

po::variables_map parse(const po::options_description& all, const po::positional_options_description* positional,
                        const Arguments& arguments) {
  namespace style = po::command_line_style;
  po::command_line_parser parser{arguments};
  parser.options(all).style(style::unix_style & ~style::allow_guessing);
  if (positional != nullptr) parser.positional(*positional);
  po::variables_map values;
  po::store(parser.run(), values);
  return values;
}

/// Whether the argument after "--name" is that option's value, whatever it looks like.
bool takes_the_next(const std::string& argument, const po::options_description& options) {
  if (!argument.starts_with("--")) return false;
  const auto* option = options.find_nothrow(argument.substr(2), false);
  return option != nullptr && option->semantic()->max_tokens() > 0;
}

bool asks_for_help(const Arguments& arguments, const po::options_description& options) {
  for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    if (arguments[i] == "--help" || arguments[i] == "-h") return true;
    if (takes_the_next(arguments[i], options)) ++i;
  }
  return false;
}

}  // namespace

std::optional<po::variables_map> parse_options(const Usage& usage, const po::options_description& options,
                                               const po::positional_options_description* positional,
                                               const Arguments& arguments, Console console) {
  if (asks_for_help(arguments, options)) {
    print_usage(usage, options, console.out);
    return std::nullopt;
  }
  try {
    auto values = parse(options, positional, arguments);
    po::notify(values);
    return values;
  } catch (const po::unknown_option& error) {
    throw InputError{{.key = error.get_option_name(),
                      .problem = "unknown option",
                      .remedy = remedy_for(error.get_option_name(), options)}};
  } catch (const po::too_many_positional_options_error&) {
    throw InputError{{.problem = "too many arguments", .remedy = fmt::format("usage: {}", usage.synopsis)}};
  } catch (const po::error& error) {
    throw InputError{{.problem = error.what(), .remedy = fmt::format("usage: {}", usage.synopsis)}};
  }
}

}  // namespace edgefuse::app
