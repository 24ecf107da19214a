#include "app/train_command.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/program_options.hpp>
#include <nlohmann/json.hpp>

#include "app/fuse/statistics_file.hpp"
#include "app/longest_text.hpp"
#include "app/option_values.hpp"
#include "app/training_examples.hpp"
#include "clients/local_data.hpp"
#include "llm/adapter.hpp"
#include "llm/device.hpp"
#include "llm/encode.hpp"
#include "llm/model.hpp"
#include "llm/pruning/record.hpp"
#include "llm/stop.hpp"
#include "llm/tokenizer.hpp"
#include "llm/training.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {
namespace {

namespace po = boost::program_options;

constexpr Usage usage = {
    "edgefuse train --model DIR (--data FILE | --batches FILE) --out DIR [options]",
    "Trains a LoRA adapter on a frozen model and saves it in Hugging Face PEFT's layout. --data takes "
    "examples, shuffled in every epoch; --batches takes ready token ids, one optimiser step for each slice.",
    "edgefuse train --model data/models/atlas-base --data mine.jsonl --epochs 3 --out adapters/mine\n"
    R"(  # a line of mine.jsonl: {"prompt": "Two and two make", "answer": " four"})"};

po::options_description option_list() {
  po::options_description options{"options"};
  // clang-format off
  options.add_options()
      ("model", po::value<std::string>()->required(), "folder of the model")
      ("data", po::value<std::string>(), R"(JSON Lines of {"prompt", "answer"}, {"text"} or {"instruction", "response"})")
      ("epochs", po::value<std::int64_t>()->default_value(1), "passes over --data")
      ("batch", po::value<std::int64_t>()->default_value(8), "examples of --data in one step")
      ("loss", po::value<std::string>()->default_value("answer"), "learn to predict the answer, or the full text of --data")
      ("sequence", po::value<std::int64_t>(), "tokens an example of --data is cut to (the model's positions)")
      ("batches", po::value<std::string>(), "safetensors with int64 input_ids and labels [steps, batch, sequence]; -100: no label")
      ("init-adapter", po::value<std::string>(), "folder of the adapter to go on from; it brings rank, alpha and targets")
      ("rank", po::value<std::int64_t>()->default_value(8), "LoRA rank")
      ("alpha", po::value<double>()->default_value(16), "LoRA alpha; changes are scaled by alpha / rank")
      ("targets", po::value<std::string>()->default_value("q,v"), "projections to adapt: some of q,k,v,o,gate,up,down")
      ("seed", po::value<std::int64_t>()->default_value(1), "of the adapter's start and the order of examples")
      ("lr", po::value<double>()->default_value(1e-3), "learning rate")
      ("schedule", po::value<std::string>()->default_value("constant"), "of the learning rate: constant, cosine or linear")
      ("warm-up", po::value<double>()->default_value(0), "share of the steps over which the rate rises first")
      ("optimiser", po::value<std::string>()->default_value("adamw"), "adamw or sgd")
      ("momentum", po::value<double>()->default_value(0), "of sgd")
      ("proximal", po::value<double>()->default_value(0), "FedProx's mu: the pull back to where the adapter started")
      ("dropout", po::value<double>()->default_value(0), "share of an adapter's inputs that a step sets to zero")
      ("accumulate", po::value<std::int64_t>()->default_value(1), "batches that make one optimiser step, as if they were one batch")
      ("base", po::value<std::string>()->default_value("exact"), "how the frozen base is held: exact, int8 or nf4 (blocks of 64)")
      ("device", po::value<std::string>()->default_value("cpu"), device_help)
      ("recompute", po::bool_switch(), "compute every block's forward again instead of keeping it: less memory")
      ("weight-decay", po::value<double>()->default_value(0), "decoupled in adamw, through the gradient in sgd")
      ("clip-norm", po::value<double>(), "largest global norm of a step's gradients")
      ("precision", po::value<std::string>()->default_value("fp32"), "of the products with the frozen weights: fp32 or bf16")
      ("reveal", po::value<std::string>(), "gram, fisher or gram,fisher: what regmean and fisher must know of the examples, saved beside the adapter")
      ("out", po::value<std::string>()->required(), "folder to save the adapter in")
      ("json", po::bool_switch(), R"(print {"losses": [...]}: the mean loss of every step, before it)")
      ("help", "print this help");
  // clang-format on
  return options;
}

void check_sources(OptionValues& values) {
  if (values.given("data") == values.given("batches"))
    values.note("data, --batches", values.given("data") ? "both were given" : "neither was given", "give one of them");
  for (const char* name : {"epochs", "batch", "loss", "sequence"})
    if (values.given("batches") && values.given(name))
      values.note(name, "has no meaning for --batches", "leave it out: the file says what a step is");
  for (const char* name : {"rank", "alpha", "targets"})
    if (values.given("init-adapter") && values.given(name))
      values.note(name, "is what --init-adapter brings", "leave one of the two out");
}

llm::TrainingOptions training_options(OptionValues& values) {
  for (const char* name : {"lr", "clip-norm"})
    values.require_above(name, 0);
  if (const double decay = values.get<double>("weight-decay"); !(decay >= 0) || !std::isfinite(decay))
    values.note("weight-decay", fmt::format("is {}", decay), "give a number from 0 up");
  llm::TrainingOptions options;
  options.learning_rate = values.get<double>("lr");
  options.weight_decay = values.get<double>("weight-decay");
  if (values.given("clip-norm")) options.clip_norm = values.get<double>("clip-norm");
  constexpr std::array schedules = {llm::Schedule::constant, llm::Schedule::cosine, llm::Schedule::linear};
  options.schedule = schedules[values.choice("schedule", {"constant", "cosine", "linear"})];
  options.warm_up = values.share("warm-up");
  options.optimiser = values.choice("optimiser", {"adamw", "sgd"}) == 1 ? llm::Optimiser::sgd : llm::Optimiser::adamw;
  options.momentum = values.share("momentum");
  if (values.given("momentum") && options.optimiser != llm::Optimiser::sgd)
    values.note("momentum", "is SGD's", "leave it out, or choose --optimiser sgd");
  options.proximal = values.get<double>("proximal");
  if (!(options.proximal >= 0) || !std::isfinite(options.proximal))
    values.note("proximal", fmt::format("is {}", options.proximal), "give a number from 0 up");
  options.dropout = values.share("dropout");
  options.recompute = values.get<bool>("recompute");
  options.precision = values.precision("precision");
  return options;
}

/// Everything the options say, checked as far as that goes without the model.
struct Request {
  llm::LoraSpec spec;
  llm::TrainingOptions training;
  llm::Quantisation quantisation = llm::Quantisation::none;
  llm::LossOn loss = llm::LossOn::answer;
  at::Device device = at::kCPU;
  std::vector<server::Reveals> reveal;
};

std::vector<server::Reveals> reveals(OptionValues& values) {
  std::vector<server::Reveals> wanted;
  for (const auto& word : values.words("reveal")) {
    const auto found = std::ranges::find(server::all_reveals, word, server::name_of);
    if (found == server::all_reveals.end())
      values.note("reveal", fmt::format("\"{}\" is nothing to reveal", word), "give gram, fisher, or gram,fisher");
    else
      wanted.push_back(*found);
  }
  return wanted;
}

Request check_options(OptionValues& values) {
  check_sources(values);
  values.require_new_folder("out");
  for (const char* name : {"rank", "alpha", "epochs", "batch", "accumulate"})
    values.require_above(name, 0);
  values.require_above("sequence", 1);
  values.require_above("seed", -1);
  values.require_at_most("rank", most_rank);
  values.require_at_most("epochs", most_epochs);
  values.require_at_most("batch", most_texts);
  values.require_at_most("accumulate", most_texts);
  Request request;
  request.training = training_options(values);
  request.spec = {.rank = values.get<std::int64_t>("rank"),
                  .alpha = values.get<double>("alpha"),
                  .rslora = false,
                  .targets = values.projections("targets")};
  request.loss = values.choice("loss", {"answer", "full"}) == 1 ? llm::LossOn::full : llm::LossOn::answer;
  request.quantisation = values.quantisation("base");
  if (values.given("reveal")) request.reveal = reveals(values);
  values.throw_mistakes();
  request.device = values.device("device", request.training.recompute);
  return request;
}

/// The examples of all steps, once each.
llm::Calibration texts_of(const std::vector<llm::Batch>& steps) {
  std::set<std::vector<std::int64_t>> texts;
  for (const auto& batch : steps)
    for (const auto& sequence : batch)
      texts.insert(sequence.ids);
  return {.texts = {texts.begin(), texts.end()}};
}

std::uint64_t seed_of(const OptionValues& values) {
  return static_cast<std::uint64_t>(values.get<std::int64_t>("seed"));
}

llm::Adapter initial_adapter(const OptionValues& values, const Request& request, const llm::Model& model) {
  if (!values.given("init-adapter")) return llm::make_adapter(model, request.spec, seed_of(values), 0);
  const std::string folder = values.text("init-adapter");
  llm::Adapter adapter = llm::load_adapter(folder);
  llm::check_adapter_fits(adapter, model, folder);
  return adapter;
}

std::int64_t longest_sequence(const OptionValues& values, const llm::ModelConfig& config) {
  if (!values.given("sequence")) return longest_text(config);
  const auto asked = values.get<std::int64_t>("sequence");
  require_readable(asked, config);
  return asked;
}

std::vector<llm::Batch> training_steps(const OptionValues& values, const Request& request,
                                       const llm::ModelConfig& config) {
  if (values.given("batches")) return read_training_batches(values.text("batches"));
  const std::string folder = values.text("model");
  const auto tokenizer = llm::load_tokenizer(folder);
  llm::check_tokenizer_fits(*tokenizer, config, folder);
  const auto examples =
      read_training_examples(values.text("data"), *tokenizer, config, request.loss, longest_sequence(values, config));
  const clients::LocalSchedule schedule{.epochs = values.get<std::int64_t>("epochs"),
                                        .batch = values.get<std::int64_t>("batch")};
  return clients::local_batches(examples, schedule, seed_of(values), 0, 0);
}

/// What is wrong with a step is wrong with the file it came from.
llm::TrainedAdapter train(const llm::Model& model, const llm::TrainingJob& job, const llm::TrainingOptions& options,
                          const std::string& file) {
  try {
    return llm::train_gang(model, {&job, 1}, options).front();
  } catch (const InputError& error) {
    std::vector<Mistake> mistakes(error.mistakes().begin(), error.mistakes().end());
    for (Mistake& mistake : mistakes)
      if (mistake.file.empty()) mistake.file = file;
    throw InputError{std::move(mistakes)};
  }
}

/// An adapter of a pruned model finds its way back to the base by what was kept.
void copy_pruning_record(const std::filesystem::path& model, const std::filesystem::path& out) {
  const auto record = model / llm::pruning_record_name;
  if (std::filesystem::exists(record))
    std::filesystem::copy_file(record, out / llm::pruning_record_name,
                               std::filesystem::copy_options::overwrite_existing);
}

std::string stopped_text(const llm::TrainedAdapter& trained, const std::string& out) {
  const auto stop = llm::stop_of(trained.losses, trained.grad_norms);
  return fmt::format("{}: training stopped; {} holds the adapter as it was before ({})", llm::to_text(stop), out,
                     stop.at_once()
                         ? "no step was taken yet: look at --alpha, and at what --model and --init-adapter hold"
                         : "a smaller --lr, --weight-decay or --proximal, or a --clip-norm may help");
}

void print_text(const llm::TrainedAdapter& trained, const std::string& out, std::ostream& stream) {
  stream << "  step        loss    gradient\n";
  for (std::size_t step = 0; step < trained.losses.size(); ++step)
    stream << fmt::format("{:6}  {:10.6f}  {:10.6g}\n", step, trained.losses[step], trained.grad_norms[step]);
  stream << fmt::format("adapter saved in {}\n", out);
}

}  // namespace

int train_command(const Arguments& arguments, Console console) {
  const auto options = option_list();
  const auto parsed = parse_options(usage, options, nullptr, arguments, console);
  if (!parsed) return 0;
  OptionValues values{*parsed};
  const Request request = check_options(values);
  const llm::Model model = llm::load_model(values.text("model"));
  const llm::TrainingJob job{
      .initial = initial_adapter(values, request, model),
      .steps = llm::accumulated(training_steps(values, request, model.config), values.get<std::int64_t>("accumulate")),
      .randomness = {.seed = seed_of(values), .domain = sim::Domain::dropout_seed}};
  const std::string file = values.text(values.given("data") ? "data" : "batches");
  const llm::Model held =
      llm::on_device(llm::hold(model, request.training.precision, request.quantisation), request.device);
  const llm::TrainedAdapter trained = train(held, job, request.training, file);

  const std::string out = values.text("out");
  llm::save_adapter(trained.adapter, out);
  copy_pruning_record(values.text("model"), out);
  if (!request.reveal.empty())
    write_statistics(model, texts_of(job.steps), trained.adapter.spec.targets, request.reveal, out);
  if (trained.stopped) throw RunError{stopped_text(trained, out)};
  if (values.get<bool>("json"))
    console.out << nlohmann::json{{"losses", trained.losses}} << '\n';
  else
    print_text(trained, out, console.out);
  return 0;
}

}  // namespace edgefuse::app
