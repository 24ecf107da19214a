#include <iostream>

#include "app/command.hpp"

int main(int argc, char** argv) {
  return edgefuse::app::run_program({argv + 1, argv + argc}, {std::cout, std::cerr});
}
