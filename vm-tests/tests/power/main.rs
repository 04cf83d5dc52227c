//! What is left where power goes and programs are killed. Its two tests take a machine each, side by side.

#[cfg(test)]
mod crash;
#[cfg(test)]
mod cut;
