mod attempt;
mod audit;
mod lint;
mod report;
mod simulate;
mod why;
