#include "app/tokenize_command.hpp"

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/program_options.hpp>
#include <nlohmann/json.hpp>

#include "llm/tokenizer.hpp"
#include "llm/tokenizer/json_node.hpp"
#include "llm/tokenizer/read_file.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {
namespace {

namespace po = boost::program_options;
namespace tokenizing = llm::tokenizing;
using Ids = std::vector<std::int64_t>;

constexpr Usage usage = {"edgefuse tokenize --model DIR (--text TEXT | --file FILE) [--special] [--json]",
                         "Prints the token ids of a text, or of each text in a file. DIR needs only the tokenizer. "
                         "Special tokens written in "
                         "a text are recognised; those of the template, such as BOS, are added with --special.",
                         "edgefuse tokenize --model data/models/atlas-base --text \"Hello world\" --special --json"};

/// The strings of a JSON list.
std::vector<std::string> read_texts(const std::string& file) {
  const auto document = tokenizing::parse_json(tokenizing::read_file(file), file);
  std::vector<std::string> texts;
  for (const auto& item : tokenizing::JsonNode{document, file}.items())
    texts.push_back(item.text());
  return texts;
}

void check_choice(const po::variables_map& values) {
  if (values.count("text") + values.count("file") != 1)
    throw InputError{{.key = "--text, --file",
                      .problem = values.count("text") != 0 ? "both were given" : "neither was given",
                      .remedy = "give one of them"}};
}

}  // namespace

int tokenize_command(const Arguments& arguments, Console console) {
  po::options_description options{"options"};
  options.add_options()("model", po::value<std::string>()->required(), "folder of the model or of its tokenizer")(
      "text", po::value<std::string>(), "the text")("file", po::value<std::string>(), "a JSON list of texts")(
      "special", po::bool_switch(), "add the template's special tokens")(
      "json", po::bool_switch(), R"(print {"ids": [...]}; with --file a list for each text)")("help",
                                                                                              "print this help");
  const auto values = parse_options(usage, options, nullptr, arguments, console);
  if (!values) return 0;
  check_choice(*values);

  const bool one = values->count("text") != 0;
  const auto texts =
      one ? std::vector{(*values)["text"].as<std::string>()} : read_texts((*values)["file"].as<std::string>());
  const auto tokenizer = llm::load_tokenizer((*values)["model"].as<std::string>());
  const auto special =
      (*values)["special"].as<bool>() ? llm::Tokenizer::Special::add : llm::Tokenizer::Special::leave_out;
  std::vector<Ids> ids;
  for (const auto& text : texts)
    ids.push_back(tokenizer->encode(text, special));

  if ((*values)["json"].as<bool>()) {
    console.out << nlohmann::json{{"ids", one ? nlohmann::json(ids.front()) : nlohmann::json(ids)}} << '\n';
  } else {
    for (const auto& each : ids)
      console.out << fmt::format("{}\n", fmt::join(each, " "));
  }
  return 0;
}

}  // namespace edgefuse::app
